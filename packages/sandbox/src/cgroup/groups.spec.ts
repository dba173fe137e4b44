import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findControlGroups } from "./groups.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "mosaic-groups-"));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

describe("control groups", () => {
  it("are not claimed where the files of the memory controller do not appear", async () => {
    await mkdir(path.join(root, "service"));
    expect(await findControlGroups(root, "0::/service\n")).toBeNull();
    expect(await readdir(root, { recursive: true })).toEqual(["service"]);
  });

  it("are not claimed where nothing is mounted, nor outside of it", async () => {
    expect(await findControlGroups(path.join(root, "missing"), "0::/\n")).toBeNull();
    expect(await findControlGroups(path.join(root, "missing"), "0::/../../escape\n")).toBeNull();
    expect(await findControlGroups(root, "")).toBeNull();
  });
});

const real = await findControlGroups("/sys/fs/cgroup", await readFile("/proc/self/cgroup", "utf8"));
const LIMITS = { memoryBytes: 32 * 1024 * 1024, processes: 10 };

describe.runIf(real !== null)("a control group", () => {
  it("takes a process in, reports no shortage, and can be removed when it is empty", async () => {
    const group = await real?.create("spec", LIMITS);
    expect(await group?.outOfMemory()).toBe(false);
    await group?.remove();
    await group?.remove();
    await expect(group?.add(process.pid)).rejects.toThrow("ENOENT");
  });

  it("of a process that is gone is removed by the next one", async () => {
    const membership = await readFile("/proc/self/cgroup", "utf8");
    const group = await real?.create("mine", LIMITS);
    // No process has this id: it is above the highest that the kernel gives.
    const dead = String(Number(await readFile("/proc/sys/kernel/pid_max", "utf8")) + 1);
    const parents = await foldersWith(`mosaic-${String(process.pid)}-mine`);
    for (const parent of parents) await mkdir(path.join(parent, `mosaic-${dead}-old`));
    await findControlGroups("/sys/fs/cgroup", membership);
    const left = (await Promise.all(parents.map(async (parent) => await readdir(parent)))).flat();
    expect(left).not.toContain(`mosaic-${dead}-old`);
    expect(left).toContain(`mosaic-${String(process.pid)}-mine`);
    await group?.remove();
    await writeFile(path.join(root, "done"), "");
  });
});

async function foldersWith(name: string): Promise<string[]> {
  const entries = await readdir("/sys/fs/cgroup", { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.name === name).map((entry) => entry.parentPath);
}
