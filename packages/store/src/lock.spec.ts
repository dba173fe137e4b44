import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startLockHolder, temporaryFolder, type LockHolder, type TemporaryFolder } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FolderLockedError, lockDataFolder } from "./lock.ts";

describe("the lock of a data folder", () => {
  let folder: TemporaryFolder;
  let holders: LockHolder[];

  beforeEach(() => {
    folder = temporaryFolder();
    holders = [];
  });
  afterEach(async () => {
    await Promise.all(holders.map(({ kill }) => kill()));
    folder.remove();
  });

  async function holder(): Promise<LockHolder> {
    const started = await startLockHolder(folder.path);
    holders.push(started);
    return started;
  }

  function refusal(): FolderLockedError {
    try {
      lockDataFolder(folder.path).release();
    } catch (error) {
      if (error instanceof FolderLockedError) return error;
      throw error;
    }
    throw new Error("the lock was given though it was expected to be held");
  }

  it("is refused to a second process, which is told who holds it", async () => {
    const { pid, says } = await holder();
    expect(says).toBe("locked");
    expect(await holder()).toMatchObject({ says: `refused ${pid}` });
    expect(refusal()).toMatchObject({ pid, dir: folder.path });
    expect(refusal().message).toContain(`in use by process ${pid}`);
  });

  it("is free as soon as its process is killed, whatever that has left behind", async () => {
    await (await holder()).kill();
    expect(existsSync(join(folder.path, "mosaic.lock.json"))).toBe(true);
    expect(await holder()).toMatchObject({ says: "locked" });
  });

  it("is given to one of several processes that find a dead owner's lock at the same time", async () => {
    await (await holder()).kill();
    const said = (await Promise.all(Array.from({ length: 4 }, holder))).map(({ says }) => says);
    expect(said.filter((says) => says === "locked")).toHaveLength(1);
    expect(said.filter((says) => says.startsWith("refused"))).toHaveLength(3);
  });

  it("is free when it was released", async () => {
    await (await holder()).release();
    expect(existsSync(join(folder.path, "mosaic.lock.json"))).toBe(false);
    const lock = lockDataFolder(folder.path);
    lock.release();
    lock.release();
    lockDataFolder(folder.path).release();
  });

  it("is refused to the process that already holds it", () => {
    const lock = lockDataFolder(folder.path);
    expect(refusal().pid).toBe(process.pid);
    lock.release();
  });

  it("says whether who holds it only looks after what was left, and is worth waiting for", async () => {
    const lock = lockDataFolder(folder.path, Date.now, true);
    expect(refusal().passing).toBe(true);
    lock.release();
    await holder();
    expect(refusal().passing).toBe(false);
  });

  it("is not kept by a name alone: a pid that was given to another process, or nonsense, is nobody", () => {
    const ownerFile = join(folder.path, "mosaic.lock.json");
    lockDataFolder(folder.path).release();
    const owner = { pid: process.pid, startTicks: 1, host: "here", since: "2026-01-01T00:00:00.000Z" };
    for (const text of [JSON.stringify(owner), "", "{", "null"]) {
      writeFileSync(ownerFile, text);
      const lock = lockDataFolder(folder.path);
      expect(JSON.parse(readFileSync(ownerFile, "utf8"))).toMatchObject({ pid: process.pid });
      lock.release();
    }
  });

  it.runIf(process.platform === "linux")(
    "is kept by an owner who lives, though the kernel's lock was lost",
    async () => {
      const living = await holder();
      const other = temporaryFolder();
      const name = readFileSync(join(folder.path, "mosaic.lock.json"));
      writeFileSync(join(other.path, "mosaic.lock.json"), name);
      expect(() => lockDataFolder(other.path)).toThrow(`in use by process ${living.pid}`);
      await living.kill();
      lockDataFolder(other.path).release();
      other.remove();
    },
  );

  it("of a folder that does not exist says so", () => {
    expect(() => lockDataFolder(join(folder.path, "missing"))).toThrow(/ENOENT/);
  });
});
