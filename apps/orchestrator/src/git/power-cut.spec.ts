import { mountOrSkip, run, temporaryFolder, type Mounted, type TemporaryFolder } from "@mosaic/testing";
import { closeSync, ftruncateSync, openSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, it, type TestContext } from "vitest";
import { createBench, type Bench } from "../../tests/git/bench.ts";

const REQUIRED = process.env["CI"] !== undefined;
const DISK_BYTES = 192 * 1024 * 1024;

let folder: TemporaryFolder;
let mounts: Mounted[];
let bench: Bench | undefined;
beforeEach(() => {
  folder = temporaryFolder();
  mounts = [];
});
afterEach(async () => {
  await bench?.dispose();
  bench = undefined;
  for (const mounted of mounts.toReversed()) mounted.unmount();
  folder.remove();
});

function mount(context: TestContext, name: string, args: readonly string[]): Mounted {
  const mounted = mountOrSkip(context, { path: join(folder.path, name), args, required: REQUIRED });
  mounts.push(mounted);
  return mounted;
}

/**
 * A data folder in an image, which is copied when a removal has answered: the copy holds what had reached the "disk" and
 * nothing of what the system still meant to write, which is what a power cut leaves.
 */
it.runIf(process.platform === "linux")(
  "what a removal says is saved is on the disk before the files go, in a mirror that was just made",
  async (context) => {
    const [disk, copy] = [join(folder.path, "disk.img"), join(folder.path, "copy.img")];
    const descriptor = openSync(disk, "w");
    ftruncateSync(descriptor, DISK_BYTES);
    closeSync(descriptor);
    run("mkfs.ext4", ["-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", disk]);
    const before = mount(context, "before", ["-o", "loop,commit=600", disk]);
    bench = await createBench({ dataDir: join(before.path, "data") });
    const workspace = await bench.open();
    await bench.asAgent(
      workspace,
      "echo work > work.txt; mkdir many; for i in 1 2 3; do echo $i > many/$i; done",
    );
    const steps = await bench.workspaces.remove(workspace);
    expect(steps.find(({ name }) => name === "salvage")?.detail).toContain("saved as");
    // The deletion reaches the disk, too: what is not saved by now is lost.
    await bench.workspaces.close();
    run("cp", ["--sparse=always", disk, copy]);
    const after = mount(context, "after", ["-o", "loop", copy]);
    const data = join(after.path, "data");
    const mirror = join(data, "mirrors", basename(workspace.mirror));
    expect(await readdir(join(data, "mirrors"))).toContain(basename(workspace.mirror));
    expect(await readFile(join(mirror, "HEAD"), "utf8")).toMatch(/^ref: /);
    const { fixture } = bench;
    const git = (...args: readonly string[]): Promise<string> => fixture.git(mirror, ...args);
    const ref = `refs/mosaic/salvage/${workspace.agentId}`;
    expect(await git("show", `${ref}:work.txt`)).toBe("work");
    expect(await git("show", `${ref}:many/3`)).toBe("3");
    await git("fsck", "--connectivity-only", ref);
  },
);
