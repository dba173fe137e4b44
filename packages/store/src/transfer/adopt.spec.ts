import { join } from "node:path";
import {
  errorOf,
  startValkey,
  temporaryFolder,
  usePostgres,
  type TemporaryFolder,
  type ValkeyInTest,
  fillInstallation,
} from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { openDistributedStore } from "../distributed/open.ts";
import {
  adoptValkey,
  exportInstallation,
  importInstallation,
  lookAtServers,
  type Remembered,
} from "./installation.ts";

const postgres = usePostgres();
let valkey: ValkeyInTest;
beforeAll(async () => {
  valkey = await startValkey();
});
afterAll(() => valkey.close());

let folder: TemporaryFolder;
let servers: { readonly valkeyUrl: string; readonly databaseUrl: string };
beforeEach(async () => {
  folder = temporaryFolder();
  await valkey.run("flushall");
  servers = { valkeyUrl: valkey.url, databaseUrl: await postgres.server.createDatabase() };
  const { signal } = new AbortController();
  const [home, file] = [join(folder.path, "home"), join(folder.path, "file")];
  await fillInstallation(home);
  await exportInstallation({ home }, { file, at: "2026-01-02T00:00:00.000Z", signal });
  await importInstallation(servers, { file, signal });
});
afterEach(() => folder.remove());

const open = () => openDistributedStore({ ...servers, clientName: "test", onListenerError: () => undefined });
const remembered: Remembered[] = [];
const adopt = () =>
  adoptValkey(servers, {
    by: "cli:me",
    reason: "the disk burnt",
    at: "2026-01-03T00:00:00.000Z",
    onRemembered: (found) => void remembered.push(found),
  });
const whyNot = async (): Promise<string> => ((await errorOf(adopt())) as Error).message;
const findings = async (): Promise<string> =>
  (await lookAtServers(servers))
    .map(({ about, outcome, detail }) => `${about} ${outcome}: ${detail}`)
    .join("\n");

it("an emptied Valkey is refused by everybody until somebody accepts it, which is audited", async () => {
  await valkey.run("flushall");
  expect(await errorOf(open())).toMatchObject({ code: "emptied" });
  expect(await findings()).toContain("valkey broken: it was emptied or exchanged");
  const { former, epoch } = await adopt();
  expect(remembered.at(-1)).toEqual({
    agents: 2,
    tasks: 1,
    spentUsd: 0.35,
    reservations: 1,
    auditEntries: 3,
    lastAudit: "2026-01-01T00:00:00.000Z",
  });
  const store = await open();
  expect((await store.audit.list(0, 10)).at(-1)).toMatchObject({
    actor: "cli:me",
    action: "valkey.adopt",
    subject: epoch,
    reason: "the disk burnt",
    data: { former, remembered: { agents: 2 } },
  });
  expect(await store.audit.verify()).toEqual({ ok: true, entries: 4 });
  expect(await store.queue.counts()).toMatchObject({ pending: 0, completed: 0 });
  await store.close();
  expect(await findings()).toContain(`valkey ok: the one of this installation (epoch ${epoch})`);
});

it("nothing is adopted while the Valkey has what it should have", async () => {
  expect(await whyNot()).toContain("there is nothing to adopt");
});

it("no Valkey is adopted that has something else", async () => {
  await valkey.run("flushall");
  await valkey.run("set", "orchestrator:epoch", "another");
  expect(await whyNot()).toMatch(/is not empty \(orchestrator:epoch\): it belongs to another installation/);
  expect(await findings()).toContain("it belongs to another installation");
});

it("nothing is adopted while an orchestrator is alive, even one that has nothing to do", async () => {
  const store = await open();
  await valkey.run("flushall");
  expect(await whyNot()).toMatch(
    /connections of Mosaic to this PostgreSQL are open: stop every orchestrator/,
  );
  await store.close();
  await adopt();
});

it("an installation that never had one has nothing to adopt", async () => {
  servers = { ...servers, databaseUrl: await postgres.server.createDatabase() };
  expect(await whyNot()).toContain("has never had a Valkey");
});

it("an adoption that was interrupted can be repeated: meanwhile no Valkey is accepted", async () => {
  await valkey.run("flushall");
  await adopt();
  await valkey.run("flushall");
  expect(await errorOf(open())).toMatchObject({ code: "emptied" });
  await adopt();
  await (await open()).close();
});
