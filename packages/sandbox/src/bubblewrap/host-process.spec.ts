import { ESCAPEE_COUNT, ESCAPEES, processesMentioning } from "@mosaic/testing";
import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { openSync, closeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it, vi, type TestContext } from "vitest";

const HOLD = fileURLToPath(new URL("./fixtures/hold.ts", import.meta.url));
const NOBODY = 65_534;

let folder = "";
let marker = "";

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mosaic-host-"));
  marker = randomUUID();
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const hold = (command: readonly string[], options: SpawnOptions = {}): ChildProcess =>
  spawn(process.execPath, [HOLD, "bubblewrap", marker, ...command], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {},
    ...options,
  });

async function linesUntil(child: ChildProcess, enough: (line: string) => boolean): Promise<void> {
  if (child.stdout === null) throw new Error("no stdout");
  for await (const line of createInterface({ input: child.stdout })) if (enough(line)) return;
  throw new Error("it ended before it said what was expected");
}

/** Kills the process that started the sandbox, and waits until nothing of the sandbox is left. */
async function killAndWaitForRest(child: ChildProcess): Promise<readonly number[]> {
  child.kill("SIGKILL");
  await once(child, "exit");
  return await vi.waitUntil(async () => {
    const left = await processesMentioning(marker);
    return left.length === 0 ? left : null;
  });
}

describe("when the process that started a sandbox is killed", () => {
  it("everything in it dies, whatever it did to stay", async () => {
    const program = path.join(folder, "escapees.mjs");
    await writeFile(program, ESCAPEES);
    const child = hold(["node", program]);
    let up = 0;
    await linesUntil(child, (line) => line === "up" && (up += 1) === ESCAPEE_COUNT);
    expect(await processesMentioning(marker)).not.toEqual([]);
    expect(await killAndWaitForRest(child)).toEqual([]);
  });

  it("while it starts, the command does not come to run", async () => {
    const child = hold(["sleep", "1000"]);
    await linesUntil(child, (line) => line === "starting");
    expect(await killAndWaitForRest(child)).toEqual([]);
  });
});

describe("the process that starts sandboxes", () => {
  it("does not pass on descriptors that it inherited itself", async () => {
    const secret = openSync("/etc/passwd", "r");
    const inherited = Array.from({ length: 30 }, (_, fd) => (fd === 29 || fd === 5 ? secret : "ignore"));
    const child = hold(["sh", "-c", "ls -l /proc/self/fd"], {
      stdio: ["ignore", "pipe", "inherit", ...inherited.slice(3)] as const,
    });
    const said = child.stdout === null ? "" : await text(child.stdout);
    closeSync(secret);
    expect(said).toContain("0 -> ");
    expect(said).not.toContain("passwd");
  });

  it("does not show a sandbox's environment on a command line that others on the host can read", async () => {
    const child = hold(["sh", "-c", "echo up; exec sleep 1000"]);
    await linesUntil(child, (line) => line === "up");
    // The marker is the last argument of the command too, but never next to the variable's name.
    expect(await processesMentioning(`MARKER\0${marker}`)).toEqual([]);
    expect(await killAndWaitForRest(child)).toEqual([]);
  });

  it("must use its main thread, since sandboxes die with the thread", async () => {
    const module = JSON.stringify(new URL("../index.ts", import.meta.url).href);
    const code = `const { createBubblewrapSandbox } = await import(${module});
      const { parentPort } = await import("node:worker_threads");
      parentPort.postMessage(await createBubblewrapSandbox().start({}).catch((error) => error.message));`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`));
    const [message] = (await once(worker, "message")) as [string];
    await worker.terminate();
    expect(message).toContain("main thread");
  });

  describe("as an ordinary user", () => {
    const asUser = async (context: TestContext, command: readonly string[]): Promise<string> => {
      if (process.getuid?.() !== 0) context.skip("this user is one: every other test shows it");
      if (!(await readableBy(NOBODY, HOLD))) context.skip("this folder cannot be read by other users");
      const child = hold(command, { uid: NOBODY, gid: NOBODY });
      return child.stdout === null ? "" : await text(child.stdout);
    };

    it("makes the same sandboxes", async (context) => {
      const said = await asUser(context, ["sh", "-c", "id -u; grep CapEff /proc/self/status; ls -A /tmp"]);
      expect(said).toBe("starting\n1000\nCapEff:\t0000000000000000\n");
    });

    it("has the kernel count the processes of each sandbox by itself", async (context) => {
      const program = "$n = 0; while (defined($pid = fork)) { sleep 1000 if $pid == 0; $n++ } print $n";
      const made = Number((await asUser(context, ["perl", "-e", program])).slice("starting\n".length));
      // The fixture's limit is 256, which init and the command count for as well.
      expect(made).toBeGreaterThan(100);
      expect(made).toBeLessThan(256);
    });
  });
});

async function readableBy(uid: number, file: string): Promise<boolean> {
  await access(file);
  const child = spawn("/usr/bin/test", ["-r", file], { uid, gid: uid, stdio: "ignore" });
  const [code] = (await once(child, "exit")) as [number | null];
  return code === 0;
}
