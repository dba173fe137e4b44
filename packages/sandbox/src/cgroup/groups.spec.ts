import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findControlGroups } from "./groups.ts";

const real = await findControlGroups("/sys/fs/cgroup", await readFile("/proc/self/cgroup", "utf8"));

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

  it("are used controller by controller: one that is there holds, though the others are not", async () => {
    // Folders cannot make control files by themselves; the kernel's hierarchies are linked in, one at a time.
    for (const controller of Object.keys(real?.held ?? {})) {
      const partial = path.join(root, controller);
      await mkdir(partial);
      await symlink(path.join("/sys/fs/cgroup", controller), path.join(partial, controller));
      const found = await findControlGroups(partial, "");
      expect(found?.held).toEqual(real?.held[controller as "cpu"] === 1 ? { [controller]: 1 } : undefined);
    }
  });

  it("are not claimed where nothing is mounted, nor outside of it", async () => {
    expect(await findControlGroups(path.join(root, "missing"), "0::/\n")).toBeNull();
    expect(await findControlGroups(path.join(root, "missing"), "0::/../../escape\n")).toBeNull();
    expect(await findControlGroups(root, "")).toBeNull();
  });
});

const LIMITS = { memoryBytes: 32 * 1024 * 1024, processes: 10, cpus: 0.5 };

describe.runIf(real !== null)("a control group", () => {
  it("takes a process in, reports no shortage, and can be removed when it is empty", async () => {
    const group = await real?.create("spec", LIMITS);
    expect(await group?.outOfMemory()).toBe(false);
    await group?.remove();
    await group?.remove();
    await expect(group?.add(process.pid)).rejects.toThrow("ENOENT");
  });

  it("is one's own, though another of the same name is made at the same time", async () => {
    if (real === null) throw new Error("there are no control groups");
    const groups = await Promise.all([real.create("same", LIMITS), real.create("same", LIMITS)]);
    await groups[0].remove();
    expect(await groups[1].outOfMemory()).toBe(false);
    await groups[1].remove();
  });

  it("of a process that is gone is removed by the next one", async () => {
    const membership = await readFile("/proc/self/cgroup", "utf8");
    const group = await real?.create("mine", LIMITS);
    // No process has this id: it is above the highest that the kernel gives.
    const dead = String(Number(await readFile("/proc/sys/kernel/pid_max", "utf8")) + 1);
    const mine = new RegExp(`^mosaic-${String(process.pid)}-\\d+-mine$`);
    const parents = await foldersWith(mine);
    for (const parent of parents) await mkdir(path.join(parent, `mosaic-${dead}-old`));
    await findControlGroups("/sys/fs/cgroup", membership);
    const left = (await Promise.all(parents.map(async (parent) => await readdir(parent)))).flat();
    expect(left).not.toContain(`mosaic-${dead}-old`);
    expect(left.filter((name) => mine.test(name))).toHaveLength(parents.length);
    await group?.remove();
    await writeFile(path.join(root, "done"), "");
  });
});

async function foldersWith(name: RegExp): Promise<string[]> {
  const entries = await readdir("/sys/fs/cgroup", { recursive: true, withFileTypes: true });
  return entries.filter((entry) => name.test(entry.name)).map((entry) => entry.parentPath);
}
