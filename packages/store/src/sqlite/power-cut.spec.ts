import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import {
  expectKept,
  mountOrSkip,
  run,
  startStorm,
  temporaryFolder,
  type Mounted,
  type Storm,
  type TemporaryFolder,
} from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";

const REQUIRED = process.env["CI"] !== undefined;
const DISK_BYTES = 128 * 1024 * 1024;

/**
 * The end of a process proves little: the system still writes what it was told. Here a file system lives in an image;
 * at some moment the writer is frozen and the image is copied. The copy holds what had reached the "disk" and nothing
 * of what the system still meant to write, which is what a power cut leaves.
 */
describe("the SQLite store, when the power is cut in the middle of writing", () => {
  let folder: TemporaryFolder;
  let mounts: Mounted[];
  let storm: Storm | undefined;

  beforeEach(() => {
    folder = temporaryFolder();
    mounts = [];
  });
  afterEach(async () => {
    await storm?.kill();
    storm = undefined;
    for (const mounted of mounts.toReversed()) mounted.unmount();
    folder.remove();
  });

  function mountLoop(context: TestContext, name: string, args: readonly string[]): Mounted {
    const mounted = mountOrSkip(context, { path: join(folder.path, name), args, required: REQUIRED });
    mounts.push(mounted);
    return mounted;
  }

  it.runIf(process.platform === "linux")("has kept every write that was answered", async (context) => {
    const [disk, copy] = [join(folder.path, "disk.img"), join(folder.path, "copy.img")];
    createImage(disk);
    // Nothing but syncs that were asked for may write while the image is copied.
    run("mkfs.ext4", ["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", disk]);
    const before = mountLoop(context, "before", ["-o", "loop,commit=600", disk]);

    storm = startStorm(join(before.path, "mosaic.db"));
    await storm.until(1500);
    process.kill(storm.pid, "SIGSTOP");
    await frozen(storm.pid);
    run("cp", ["--sparse=always", disk, copy]);
    const promises = await storm.kill();

    const after = mountLoop(context, "after", ["-o", "loop", copy]);
    await expectKept(join(after.path, "mosaic.db"), promises);
    expect(promises.length).toBeGreaterThanOrEqual(1500);
  });
});

/** An empty file of the disk's size. */
function createImage(path: string): void {
  const descriptor = openSync(path, "w");
  ftruncateSync(descriptor, DISK_BYTES);
  closeSync(descriptor);
}

/** Resolves when every thread of a process has stopped: a promise printed later would not be in the copy. */
async function frozen(pid: number): Promise<void> {
  while (!readdirSync(`/proc/${pid}/task`).every((thread) => isStopped(pid, thread))) await setImmediate();
}

function isStopped(pid: number, thread: string): boolean {
  const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).startsWith("T");
}
