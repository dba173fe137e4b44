import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  errorOf,
  expectIntact,
  mountOrSkip,
  notice,
  race,
  temporaryFolder,
  type Mounted,
  type TemporaryFolder,
} from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it, type TestContext } from "vitest";
import { StoreUnavailableError } from "../store-error.ts";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./open.ts";

const REQUIRED = process.env["CI"] !== undefined;
const SUBJECT = { agentId: "00000000-0000-4000-8000-000000000001", taskId: "t1" };
const KILOBYTES_50 = "x".repeat(50_000);

describe("the SQLite store on a disk that fails it", () => {
  let folder: TemporaryFolder;
  let disk: Mounted | undefined;
  let store: Store | undefined;

  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    await store?.close();
    store = undefined;
    disk?.unmount();
    disk = undefined;
    folder.remove();
  });

  function mountTmpfs(context: TestContext, name: string, options: string): Mounted {
    const path = join(folder.path, name);
    return mountOrSkip(context, { path, args: ["-t", "tmpfs", "-o", options, "tmpfs"], required: REQUIRED });
  }

  /** Appends until the store refuses; gives the ids it has promised, and the refusal. */
  async function appendUntilRefused(open: Store): Promise<{ ids: number[]; error: unknown }> {
    const ids: number[] = [];
    for (;;) {
      try {
        const [event] = await open.state.append([notice(SUBJECT, KILOBYTES_50)]);
        ids.push(event?.id ?? 0);
      } catch (error) {
        return { ids, error };
      }
    }
  }

  it("says that the disk is full, keeps what it promised, and goes on when there is space", async (context) => {
    disk = mountTmpfs(context, "small", "size=8m");
    const file = join(disk.path, "mosaic.db");
    const filler = join(disk.path, "filler");
    writeFileSync(filler, Buffer.alloc(3_000_000));
    store = await openSqliteStore({ file });
    const announced: number[] = [];
    store.state.subscribe((events) => announced.push(...events.map(({ id }) => id)));

    const { ids, error } = await appendUntilRefused(store);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ code: "disk_full", message: expect.stringContaining("free some space") });
    const failing = await race(10, () => (store as Store).state.append([notice(SUBJECT, KILOBYTES_50)]));
    expect(failing.won).toEqual([]);
    expect(await store.check()).toMatchObject({ ok: false, detail: expect.stringContaining("full") });
    expect(await store.state.eventRange()).toEqual({ oldest: 1, newest: ids.at(-1) });
    expect(announced).toEqual(ids);

    rmSync(filler);
    const [next] = await store.state.append([notice(SUBJECT, "there is space again")]);
    expect(next?.id).toBe(ids.length + 1);
    expect(await store.check()).toMatchObject({ ok: true });
    await store.close();
    store = await openSqliteStore({ file });
    const kept = await store.state.eventsAfter({ after: 0, limit: 10_000 });
    expect(kept.map(({ id }) => id)).toEqual([...ids, next?.id]);
    await store.close();
    expectIntact(file);
  });

  it("fails everyone whose writes were in a commit that the disk refused", async (context) => {
    disk = mountTmpfs(context, "small", "size=3m");
    store = await openSqliteStore({ file: join(disk.path, "mosaic.db") });
    const open = store;
    // One message, one transaction: small writes that would fit, and one that does not.
    const { won, lost } = await race(20, (index) =>
      open.state.append([notice(SUBJECT, index === 10 ? "x".repeat(5_000_000) : "small")]),
    );
    expect(won).toEqual([]);
    expect(lost.every((error) => error instanceof StoreUnavailableError)).toBe(true);
    expect(await open.state.eventRange()).toEqual({ oldest: 0, newest: 0 });
    const [event] = await open.state.append([notice(SUBJECT, "small")]);
    expect(event?.id).toBe(1);
  });

  it("says that the folder is read-only", async (context) => {
    disk = mountTmpfs(context, "fixed", "size=4m");
    const file = join(disk.path, "mosaic.db");
    await (await openSqliteStore({ file })).close();
    disk.remount("ro");
    for (const path of [file, join(disk.path, "new.db")]) {
      const error = await errorOf(openSqliteStore({ file: path }));
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ code: "read_only", message: expect.stringContaining(path) });
    }
  });

  it("says that the folder is missing", async () => {
    const error = await errorOf(openSqliteStore({ file: join(folder.path, "missing", "mosaic.db") }));
    expect(error).toMatchObject({ name: "StoreUnavailableError", code: "cannot_open" });
  });
});
