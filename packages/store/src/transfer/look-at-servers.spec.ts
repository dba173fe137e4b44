import { useServers } from "@mosaic/testing";
import { expect, it } from "vitest";
import { lookAtServers } from "./installation.ts";

const servers = useServers();

const findings = async (place = servers.place): Promise<readonly string[]> =>
  (await lookAtServers(place)).map(({ about, outcome, detail }) => `${about} ${outcome}: ${detail}`);

it("servers that nothing was done to are fine, and stay as they are", async () => {
  expect(await findings()).toEqual([
    expect.stringMatching(
      /^postgresql ok: PostgreSQL [\d.]+ .*every commit synced, at 127\.0\.0\.1:\d+\/mosaic_\d+$/,
    ),
    expect.stringMatching(/^postgresql warning: schema 0 of \d+: `mosaic db migrate`/),
    expect.stringMatching(/^valkey ok: (Redis|Valkey) \d.*every write synced, at 127\.0\.0\.1:\d+$/),
    "valkey ok: empty, for the first start or `mosaic db import`",
  ]);
  expect(await servers.valkey.run("dbsize")).toBe("0");
  const tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
  expect(await servers.postgres.sql(servers.place.databaseUrl, tables)).toBe("0");
});

it("says what a power cut would cost", async () => {
  await servers.valkey.run("config", "set", "appendfsync", "everysec");
  expect((await findings()).join("\n")).toMatch(/valkey warning: .*you may lose up to 1 s/);
  await servers.valkey.run("config", "set", "appendfsync", "no");
  expect((await findings()).join("\n")).toMatch(/valkey warning: .*half a minute/);
  await servers.valkey.run("config", "set", "appendfsync", "always");
});

it("says when one of the two belongs to something else, or a move was not finished", async () => {
  await servers.withStore(async () => undefined);
  expect((await findings()).at(-1)).toMatch(/^valkey ok: the one of this installation \(epoch /);
  const place = { ...servers.place, databaseUrl: await servers.postgres.createDatabase() };
  expect((await findings(place)).at(-1)).toMatch(/^valkey broken: it has data, and PostgreSQL knows of none/);
  await servers.valkey.run("set", "orchestrator:importing", '{"epoch":"e","sha256":"s"}');
  expect((await findings(place)).at(-1)).toMatch(/^valkey broken: an import was not finished/);
});

it("a server that cannot be reached is broken, and the other is looked at all the same", async () => {
  const url = new URL(servers.place.databaseUrl);
  url.password = "wrong-and-secret";
  const wrong = await findings({ ...servers.place, databaseUrl: url.href });
  expect(wrong[0]).toMatch(/^postgresql broken: .*password/);
  expect(wrong.at(-1)).toBe("valkey warning: PostgreSQL cannot say whether it is the right one");
  const neither = await findings({
    valkeyUrl: `redis://u:wrong-and-secret@127.0.0.1:${servers.valkey.port}`,
    databaseUrl: "postgres://u:wrong-and-secret@127.0.0.1:9/x",
  });
  expect(neither.map((line) => line.split(":")[0])).toEqual(["postgresql broken", "valkey broken"]);
  expect([...wrong, ...neither].join()).not.toContain("wrong-and-secret");
});
