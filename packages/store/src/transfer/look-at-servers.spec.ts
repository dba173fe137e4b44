import { startPostgres, startValkey, type PostgresInTest, type ValkeyInTest } from "@mosaic/testing";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { openDistributedStore } from "../distributed/open.ts";
import { lookAtServers } from "./installation.ts";

let valkey: ValkeyInTest;
let postgres: PostgresInTest;
beforeAll(async () => {
  [valkey, postgres] = await Promise.all([startValkey(), startPostgres()]);
});
afterAll(() => Promise.all([valkey.close(), postgres.close()]));

let servers: { readonly valkeyUrl: string; readonly databaseUrl: string };
beforeEach(async () => {
  await valkey.run("flushall");
  servers = { valkeyUrl: valkey.url, databaseUrl: await postgres.createDatabase() };
});

const findings = async (): Promise<readonly string[]> =>
  (await lookAtServers(servers)).map(({ about, outcome, detail }) => `${about} ${outcome}: ${detail}`);

it("servers that nothing was done to are fine, and stay as they are", async () => {
  expect(await findings()).toEqual([
    expect.stringMatching(
      /^postgresql ok: PostgreSQL [\d.]+ .*every commit synced, at 127\.0\.0\.1:\d+\/mosaic_\d+$/,
    ),
    expect.stringMatching(/^postgresql warning: schema 0 of \d+: `mosaic db migrate`/),
    expect.stringMatching(/^valkey ok: (Redis|Valkey) \d.*every write synced, at 127\.0\.0\.1:\d+$/),
    "valkey ok: empty, for the first start or `mosaic db import`",
  ]);
  expect(await valkey.run("dbsize")).toBe("0");
  const tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
  expect(await postgres.sql(servers.databaseUrl, tables)).toBe("0");
});

it("says what a power cut would cost", async () => {
  await valkey.run("config", "set", "appendfsync", "everysec");
  expect((await findings()).join("\n")).toMatch(/valkey warning: .*you may lose up to 1 s/);
  await valkey.run("config", "set", "appendfsync", "no");
  expect((await findings()).join("\n")).toMatch(/valkey warning: .*half a minute/);
  await valkey.run("config", "set", "appendfsync", "always");
});

it("says when one of the two belongs to something else, or a move was not finished", async () => {
  await (
    await openDistributedStore({ ...servers, clientName: "t", onListenerError: () => undefined })
  ).close();
  expect((await findings()).at(-1)).toMatch(/^valkey ok: the one of this installation \(epoch /);
  const databaseUrl = await postgres.createDatabase();
  servers = { ...servers, databaseUrl };
  expect((await findings()).at(-1)).toMatch(/^valkey broken: it has data, and PostgreSQL knows of none/);
  await valkey.run("set", "orchestrator:importing", '{"epoch":"e","sha256":"s"}');
  expect((await findings()).at(-1)).toMatch(/^valkey broken: an import was not finished/);
});

it("a server that cannot be reached is broken, and the other is looked at all the same", async () => {
  const [{ port }, url] = [valkey, new URL(servers.databaseUrl)];
  url.password = "wrong-and-secret";
  servers = { ...servers, databaseUrl: url.href };
  const wrong = await findings();
  expect(wrong[0]).toMatch(/^postgresql broken: .*password/);
  expect(wrong.at(-1)).toBe("valkey warning: PostgreSQL cannot say whether it is the right one");
  servers = {
    valkeyUrl: `redis://u:wrong-and-secret@127.0.0.1:${port}`,
    databaseUrl: "postgres://u:wrong-and-secret@127.0.0.1:9/x",
  };
  const neither = await findings();
  expect(neither.map((line) => line.split(":")[0])).toEqual(["postgresql broken", "valkey broken"]);
  expect([...wrong, ...neither].join()).not.toContain("wrong-and-secret");
});
