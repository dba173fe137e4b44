import { globSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { collect, type Collected } from "../collect.ts";
import type { SandboxSpec } from "../port.ts";
import { createBubblewrapSandbox } from "./create.ts";

const sandbox = createBubblewrapSandbox();
const hasMemoryLimit = (await sandbox.memoryLimit()) === "cgroup";

const spec = (script: string, memoryMb: number): SandboxSpec => ({
  id: "limited",
  label: "limits",
  command: ["sh", "-c", script],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/tmp",
  mounts: [],
  scratch: [],
  limits: {
    memoryMb,
    fileBytes: 1_000_000,
    openFiles: 64,
    tmpBytes: 200 * 1024 * 1024,
    processes: 20,
    cpus: 1,
  },
});
const run = async (script: string, memoryMb: number): Promise<Collected> =>
  await collect(await sandbox.start(spec(script, memoryMb)), { maxBytes: 100_000, timeoutMs: 30_000 });

const groups = () =>
  globSync("/sys/fs/cgroup/**/mosaic-*").filter((folder) => folder.includes(`-${String(process.pid)}-`));

describe.runIf(hasMemoryLimit)("limits of memory and processes", () => {
  it("kill what takes too much memory, and say so", async () => {
    const result = await run("cat /dev/zero | tail -c 100000000 > /dev/null", 32);
    expect(result).toMatchObject({ code: 137, outOfMemory: true });
    expect(groups()).toEqual([]);
  });

  it("count what is written to /tmp", async () => {
    const result = await run(
      "for i in 1 2 3 4 5 6 7 8 9; do head -c 999000 /dev/zero > /tmp/$i; done; echo done",
      8,
    );
    expect(result).toMatchObject({ outOfMemory: true });
  });

  it("leave alone what stays below", async () => {
    expect(await run("head -c 500000 /dev/zero > /tmp/f", 32)).toMatchObject({ code: 0, outOfMemory: false });
  });

  it("stop a fork bomb", async () => {
    expect(groups()).toEqual([]);
    const result = await run("for i in $(seq 100); do sleep 1000 & done; echo all", 64);
    expect(result.code).not.toBe(0);
    expect(result.stderr.toString()).toMatch(/fork/i);
  });
});

describe("without control groups", () => {
  it("says so, and runs", async () => {
    const other = createBubblewrapSandbox({ cgroupRoot: "/nonexistent" });
    expect(await other.memoryLimit()).toBe("none");
    expect(await other.probe()).toMatchObject({
      ok: true,
      detail: expect.stringContaining("memory limit: none"),
    });
  });
});

it("is probed as it is", async () => {
  const { ok, detail } = await sandbox.probe();
  expect(ok).toBe(true);
  expect(detail).toContain(hasMemoryLimit ? "memory limit: cgroup v" : "memory limit: none");
});
