import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store } from "../store.ts";
import { openSqliteStore } from "./open.ts";

let folder: string;
let store: Store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mosaic-allowed-"));
  store = await openSqliteStore({ file: join(folder, "mosaic.db") });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const allowed = (fingerprint: string, reason: string, second = 1) => ({
  fingerprint,
  reason,
  allowedBy: "admin",
  allowedAt: `2026-01-01T00:00:0${second}.000Z`,
});

describe("findings that people let pass", () => {
  it("are kept over a restart, oldest first, each fingerprint once", async () => {
    await store.allowedSecrets.put(allowed("b", "first", 1));
    await store.allowedSecrets.put(allowed("a", "second", 2));
    await store.allowedSecrets.put(allowed("b", "again", 3));
    await store.close();
    store = await openSqliteStore({ file: join(folder, "mosaic.db") });
    expect(await store.allowedSecrets.list()).toEqual([allowed("a", "second", 2), allowed("b", "again", 3)]);
  });

  it("can be taken back, once", async () => {
    await store.allowedSecrets.put(allowed("a", "why"));
    expect(await store.allowedSecrets.remove("a")).toBe(true);
    expect(await store.allowedSecrets.remove("a")).toBe(false);
    expect(await store.allowedSecrets.list()).toEqual([]);
  });
});
