import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createWorkArea } from "./work-area.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mosaic-work-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

let next = 0;
const ids = () => `id-${next++}`;

describe("createWorkArea", () => {
  it("gives a folder for as long as it is used, and removes it after success and failure", async () => {
    const area = await createWorkArea(root, { pid: process.pid, ids });
    const used = await area.withFolder("one", async (folder) => {
      await mkdir(join(folder, "sub"));
      await writeFile(join(folder, "sub", "file"), "x");
      await chmod(join(folder, "sub"), 0);
      return folder;
    });
    expect(used).toBe(join(area.path, "one"));
    await expect(area.withFolder("two", () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await readdir(area.path)).toEqual([]);
    await area.close();
    await expect(readdir(area.path)).rejects.toThrow("ENOENT");
  });

  it("removes folders that are nested beyond the longest path", async () => {
    const area = await createWorkArea(root, { pid: process.pid, ids });
    await area.withFolder("deep", async (folder) => {
      const script = 'for i in $(seq 60); do mkdir "$0" && cd "$0" || exit; done; touch x';
      await once(spawn("sh", ["-c", script, "d".repeat(100)], { cwd: folder }), "close");
    });
    expect(await readdir(area.path)).toEqual([]);
  });

  it("sweeps what a killed process left, and leaves living ones alone", async () => {
    const child = spawn("sleep", ["1000"]);
    await once(child, "spawn");
    const living = await createWorkArea(root, { pid: process.pid, ids });
    const other = await createWorkArea(root, { pid: child.pid ?? 0, ids });
    await writeFile(join(other.path, "file"), "x");
    await createWorkArea(root, { pid: process.pid, ids });
    expect(await readdir(other.path)).toEqual(["file"]);

    child.kill("SIGKILL");
    await once(child, "exit");
    await createWorkArea(root, { pid: process.pid, ids });
    await expect(readdir(other.path)).rejects.toThrow("ENOENT");
    expect(await readdir(living.path)).toEqual([]);
  });

  it("is not deceived by a process id that came back", async () => {
    await mkdir(join(root, `${process.pid}-1`, "old"), { recursive: true });
    await mkdir(join(root, "notes"));
    await createWorkArea(root, { pid: process.pid, ids });
    const names = await readdir(root);
    expect(names).not.toContain(`${process.pid}-1`);
    expect(names).toContain("notes");
  });
});
