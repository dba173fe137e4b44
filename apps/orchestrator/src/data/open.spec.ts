import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashToken } from "@mosaic/http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "@mosaic/config";
import { lockDataFolder } from "@mosaic/store";
import { createLogger, type Logger } from "@mosaic/telemetry";
import { type Data, openData } from "./open.ts";

let home: string;
beforeEach(async () => {
  home = join(await mkdtemp(join(tmpdir(), "mosaic-data-")), "home");
});
afterEach(() => rm(join(home, ".."), { recursive: true }));

const FROM_ENV = "an-admin-token-of-the-environment";

const logger = createLogger({ name: "data", level: "silent", redact: (text) => text });
const open = (adminToken?: string): Promise<Data> =>
  openData({
    config: loadConfig({
      MOSAIC_HOME: home,
      ...(adminToken === undefined ? {} : { MOSAIC_ADMIN_TOKEN: adminToken }),
    }),
    logger,
  });

/** Opens the folder, looks which of these tokens it lets in, and closes it again. */
async function allowed(adminToken: string | undefined, tokens: readonly string[]): Promise<boolean[]> {
  const data = await open(adminToken);
  try {
    const found = await Promise.all(tokens.map((token) => data.store.tokens.findByHash(hashToken(token))));
    return found.map((record) => record !== null);
  } finally {
    await data.close();
  }
}

const fileToken = async (): Promise<string> => (await readFile(join(home, "cli-token"), "utf8")).trim();

describe("the data folder", () => {
  it("is made for its owner only, with a token that is kept over starts", async () => {
    await allowed(undefined, []);
    const token = await fileToken();
    expect((await stat(home)).mode & 0o777).toBe(0o700);
    expect((await stat(join(home, "cli-token"))).mode & 0o777).toBe(0o600);
    expect(await allowed(undefined, [token])).toEqual([true]);
    expect(await fileToken()).toBe(token);
  });

  it("lets in one admin token only: that of the environment replaces the file's, and goes with it", async () => {
    await allowed(undefined, []);
    const first = await fileToken();
    expect(await allowed(FROM_ENV, [first, FROM_ENV])).toEqual([false, true]);
    expect(await allowed(undefined, [first, FROM_ENV])).toEqual([false, false]);
    expect(await allowed(undefined, [await fileToken()])).toEqual([true]);
  });

  it("lets in no token of the orchestrators that it shared a store with before it was moved here", async () => {
    const data = await open();
    const moved = { scopes: ["admin" as const], createdAt: "2026-01-01T00:00:00.000Z" };
    await data.store.tokens.put({ ...moved, name: "admin@host-1234" }, hashToken("moved"));
    await data.store.tokens.put({ ...moved, name: "ci" }, hashToken("given by a person"));
    await data.close();
    expect(await allowed(undefined, ["moved", "given by a person"])).toEqual([false, true]);
  });

  it("keeps who it is over starts", async () => {
    const one = await open();
    await one.close();
    const two = await open();
    await two.close();
    expect(two.instanceId).toBe(one.instanceId);
    expect(two.salt).toBe(one.salt);
  });

  it("belongs to one owner at a time, and is free again when opening failed", async () => {
    const one = await open();
    await expect(open()).rejects.toMatchObject({
      name: "FolderLockedError",
    });
    await one.close();
    const again = await open();
    await again.close();
  });

  it("is waited for while another orchestrator looks after what was left there", async () => {
    await (await open()).close();
    const lock = lockDataFolder(home, Date.now, true);
    const waits = Promise.withResolvers<void>();
    const starting = openData({
      config: loadConfig({ MOSAIC_HOME: home }),
      logger: Object.assign(Object.create(logger) as Logger, { info: () => waits.resolve() }),
    });
    await waits.promise;
    lock.release();
    const data = await starting;
    expect(data.home).toBe(home);
    await data.close();
  });
});
