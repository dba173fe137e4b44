import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DependencyHealth } from "@mosaic/contracts";
import { openSqliteStore, type Store } from "@mosaic/store";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { claimsWhileWritable, dataFolderHealth } from "./data-folder.ts";

/** Only root may mount. */
const isRoot = process.getuid?.() === 0;
const CLAIM = { workerId: "w", leaseMs: 60_000, maxActive: 9, maxPerWorker: 9 };

let home: string;
let store: Store;
let covered = false;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "mosaic-data-"));
  store = await openSqliteStore({ file: join(home, "mosaic.db") });
});
afterEach(async () => {
  if (covered) uncover();
  await store.close();
  await rm(home, { recursive: true });
});

function cover(): void {
  execFileSync("mount", ["--bind", home, home]);
  execFileSync("mount", ["-o", "remount,bind,ro", home]);
  covered = true;
}

function uncover(): void {
  execFileSync("umount", ["--lazy", home]);
  covered = false;
}

describe("a data folder", () => {
  it("that can be written to is left as it was, by however many looks at once", async () => {
    const before = await readdir(home);
    const looks = await Promise.all(Array.from({ length: 50 }, () => dataFolderHealth(home)));
    expect(looks.every(({ ok }) => ok)).toBe(true);
    expect(await readdir(home)).toEqual(before);
  });

  it("that is gone is told, not thrown", async () => {
    expect(await dataFolderHealth(join(home, "nowhere"))).toMatchObject({ ok: false });
  });

  it.runIf(isRoot)(
    "that became read-only under the running process is told, though the store works on",
    async () => {
      cover();
      expect(await dataFolderHealth(home)).toEqual({
        ok: false,
        detail: expect.stringMatching(
          /cannot be written to: its file system is read-only; no task is started/,
        ),
      });
      expect(await store.check()).toMatchObject({ ok: true });
    },
  );

  it.runIf(isRoot)("gives no task to anybody while it is read-only, and every task afterwards", async () => {
    const changes: DependencyHealth[] = [];
    const queue = claimsWhileWritable(store.queue, { home, onChange: (health) => changes.push(health) });
    await queue.enqueue({ taskId: "t", priority: 5 });
    cover();
    expect(await queue.claim(CLAIM)).toBeNull();
    expect(await queue.claim(CLAIM)).toBeNull();
    expect(await queue.nextDueAt()).toBeNull();
    expect(await queue.counts()).toMatchObject({ pending: 1, active: 0 });
    uncover();
    expect(await queue.claim(CLAIM)).toMatchObject({ taskId: "t", claims: 1 });
    expect(changes.map(({ ok }) => ok)).toEqual([false, true]);
  });
});
