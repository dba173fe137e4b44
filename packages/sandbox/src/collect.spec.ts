import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { createBubblewrapSandbox } from "./bubblewrap/create.ts";
import { collect } from "./collect.ts";
import type { SandboxProcess } from "./port.ts";

const sandbox = createBubblewrapSandbox();
const LIMITS = { maxBytes: 1000, timeoutMs: 30_000 };

const start = async (script: string): Promise<SandboxProcess> =>
  await sandbox.start({
    id: "collected",
    label: "collect",
    command: ["sh", "-c", script],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/tmp",
    mounts: [],
    scratch: [],
    limits: {
      memoryMb: 64,
      fileBytes: 1_000_000,
      openFiles: 64,
      tmpBytes: 1_000_000,
      processes: 256,
      cpus: 1,
    },
  });

describe("collecting", () => {
  it("keeps the end of long output when people read it, and the exit code", async () => {
    const result = await collect(await start("seq 100000; echo last; exit 3"), {
      ...LIMITS,
      overflow: "tail",
    });
    expect(result).toMatchObject({ code: 3, truncated: true });
    expect(result.stdout).toHaveLength(1000);
    expect(result.stdout.toString()).toMatch(/\n100000\nlast\n$/);
  });

  it("keeps the beginning of data, and kills what writes too much", async () => {
    const result = await collect(await start("seq 100000 >&2; sleep 1000"), LIMITS);
    expect(result).toMatchObject({ code: null, signal: "SIGKILL", truncated: true, timedOut: false });
    expect(result.stderr.toString().startsWith("1\n2\n3\n")).toBe(true);
    expect(result.stderr).toHaveLength(1000);
  });

  it("takes output of exactly the limit as complete", async () => {
    const result = await collect(await start("head -c 1000 /dev/zero"), LIMITS);
    expect(result).toMatchObject({ code: 0, truncated: false });
    expect(result.stdout).toHaveLength(1000);
  });

  it("gives large input and output of a command back whole", async () => {
    const stdin = Buffer.alloc(3_000_000, "0123456789");
    const result = await collect(await start("cat"), { maxBytes: stdin.length, timeoutMs: 30_000, stdin });
    expect(result.stdout.equals(stdin)).toBe(true);
  });

  it("does not mind a command that does not read its input", async () => {
    expect(await collect(await start("exit 0"), { ...LIMITS, stdin: "x".repeat(1_000_000) })).toMatchObject({
      code: 0,
    });
  });

  it("does not call a command a success that ended before its kill could", async () => {
    const running = await start("exit 0");
    await running.exited;
    const result = await collect(running, { ...LIMITS, signal: AbortSignal.abort() });
    expect(result).toMatchObject({ code: null, signal: "SIGKILL", aborted: true });
  });

  it("fails when a kill leaves something", async () => {
    const stubborn: SandboxProcess = {
      id: "stubborn",
      label: "made up: nothing real survives",
      stdin: new PassThrough(),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
      exited: new Promise(() => undefined),
      kill: async () => await Promise.resolve({ survivors: [4711], durationMs: 3000 }),
    };
    await expect(collect(stubborn, { ...LIMITS, timeoutMs: 1 })).rejects.toThrow(/4711.*by hand/);
  });
});
