import { join } from "node:path";
import {
  admission,
  errorOf,
  fillInstallation,
  temporaryFolder,
  useServers,
  type TemporaryFolder,
} from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { adoptValkey, lookAtServers, type Remembered } from "./installation.ts";
import { exported, imported } from "./moves-in-test.ts";

const servers = useServers();
let folder: TemporaryFolder;
beforeEach(async () => {
  folder = temporaryFolder();
  const [home, file] = [join(folder.path, "home"), join(folder.path, "file")];
  await fillInstallation(home);
  await exported({ home }, file);
  await imported(servers.place, file);
});
afterEach(() => folder.remove());

const remembered: Remembered[] = [];
const adopt = (place = servers.place) =>
  adoptValkey(place, {
    by: "cli:me",
    reason: "the disk burnt",
    at: "2026-01-04T00:00:00.000Z",
    onRemembered: (found) => void remembered.push(found),
  });
const whyNot = async (place = servers.place): Promise<string> =>
  ((await errorOf(adopt(place))) as Error).message;
const findings = async (): Promise<string> =>
  (await lookAtServers(servers.place))
    .map(({ about, outcome, detail }) => `${about} ${outcome}: ${detail}`)
    .join("\n");

it("an emptied Valkey is refused by everybody until somebody accepts it, which is audited", async () => {
  await servers.valkey.run("flushall");
  expect(await errorOf(servers.open())).toMatchObject({ code: "emptied" });
  expect(await findings()).toContain("valkey broken: it was emptied or exchanged");
  const { former, epoch } = await adopt();
  expect(remembered.at(-1)).toEqual({
    agents: 2,
    tasks: 1,
    spentUsd: 0.35,
    reservations: 1,
    auditEntries: 4,
    lastAudit: "2026-01-03T00:00:00.000Z",
  });
  const store = await servers.open();
  expect((await store.audit.list(0, 10)).at(-1)).toMatchObject({
    actor: "cli:me",
    action: "valkey.adopt",
    subject: epoch,
    reason: "the disk burnt",
    data: { former, remembered: { agents: 2 } },
  });
  expect(await store.audit.verify()).toEqual({ ok: true, entries: 5 });
  expect(await store.queue.counts()).toMatchObject({ pending: 0, completed: 0 });
  await store.close();
  expect(await findings()).toContain(`valkey ok: the one of this installation (epoch ${epoch})`);
});

it("nothing is adopted while the Valkey has what it should have", async () => {
  expect(await whyNot()).toContain("there is nothing to adopt");
});

it("no Valkey is adopted that has something else", async () => {
  await servers.valkey.run("flushall");
  await servers.valkey.run("set", "orchestrator:epoch", "another");
  expect(await whyNot()).toMatch(/is not empty \(orchestrator:epoch\): it belongs to another installation/);
  expect(await findings()).toContain("it belongs to another installation");
});

it("nothing is adopted while an orchestrator is alive, even one that has nothing to do", async () => {
  const store = await servers.open();
  await servers.valkey.run("flushall");
  expect(await whyNot()).toMatch(
    /connections of Mosaic to this PostgreSQL are open: stop every orchestrator/,
  );
  await store.close();
  await adopt();
});

it("an installation that never had one has nothing to adopt", async () => {
  const databaseUrl = await servers.postgres.createDatabase();
  expect(await whyNot({ ...servers.place, databaseUrl })).toContain("has never had a Valkey");
});

it("an adoption that was interrupted can be repeated: meanwhile no Valkey is accepted", async () => {
  await servers.valkey.run("flushall");
  await adopt();
  await servers.valkey.run("flushall");
  expect(await errorOf(servers.open())).toMatchObject({ code: "emptied" });
  await adopt();
  await (await servers.open()).close();
});

it("ids of events go on after all that were ever given, so that a client that has seen those is told what it missed", async () => {
  const before = await servers.withStore(({ state }) => state.eventRange());
  const ids: number[] = [];
  for (const expected of [1, 2]) {
    await servers.valkey.run("flushall");
    const { eventsAfter } = await adopt();
    expect(eventsAfter).toBe(expected * 1e12);
    await servers.withStore(async ({ state }) => {
      expect(await state.eventRange()).toEqual({ oldest: 0, newest: 0 });
      const heard = Promise.withResolvers<number>();
      state.subscribe(([first]) => heard.resolve(first?.id ?? 0));
      const { task, agent, maxPending } = admission();
      await state.admit({ task, agent, maxPending });
      const [first, second] = await state.eventsAfter({ after: ids.at(-1) ?? before.newest, limit: 10 });
      expect([first?.id, second?.id]).toEqual([eventsAfter + 1, eventsAfter + 2]);
      expect(await heard.promise).toBe(eventsAfter + 1);
      const ofAgent = await state.eventsAfter({
        after: 0,
        limit: 10,
        subject: agent.agentId,
        lifecycleOnly: true,
      });
      expect(ofAgent).toHaveLength(2);
      const { oldest, newest } = await state.eventRange();
      // A stream answers with a reset to whoever stands before the oldest.
      expect(oldest - 1).toBeGreaterThan(ids.at(-1) ?? before.newest);
      expect(await state.pruneEvents(1)).toBe(1);
      ids.push(newest);
    });
  }
});
