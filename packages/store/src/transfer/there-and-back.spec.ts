import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  admission,
  startValkey,
  temporaryFolder,
  usePostgres,
  type TemporaryFolder,
  type ValkeyInTest,
  fillInstallation,
  drainQueue,
  INSTALLATION_SALT,
} from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { openDistributedStore, type DistributedStore } from "../distributed/open.ts";
import { openSqliteStore } from "../sqlite/open.ts";
import { exportInstallation, importInstallation, type Place } from "./installation.ts";

const postgres = usePostgres();
let valkey: ValkeyInTest;
beforeAll(async () => {
  valkey = await startValkey({ durable: false });
});
afterAll(() => valkey.close());

let folder: TemporaryFolder;
let servers: { readonly valkeyUrl: string; readonly databaseUrl: string };
beforeEach(async () => {
  folder = temporaryFolder();
  await valkey.run("flushall");
  servers = { valkeyUrl: valkey.url, databaseUrl: await postgres.server.createDatabase() };
});
afterEach(() => folder.remove());

const { signal } = new AbortController();
const path = (name: string): string => join(folder.path, name);
const exported = (place: Place, name: string) =>
  exportInstallation(place, { file: path(name), at: "2026-01-02T00:00:00.000Z", signal });

async function withServers<T>(work: (store: DistributedStore) => Promise<T>): Promise<T> {
  const store = await openDistributedStore({
    ...servers,
    clientName: "test",
    onListenerError: () => undefined,
  });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** Lines without what is of this export only. */
async function records(name: string): Promise<readonly string[]> {
  return (await readFile(path(name), "utf8")).trimEnd().split("\n").slice(1, -1).toSorted();
}

it("moves everything there and back, and nothing of it changes", async () => {
  await fillInstallation(path("one"));
  const first = await exported({ home: path("one") }, "first");
  expect(first.kinds).toMatchObject({
    task: { count: 12 },
    agent: { count: 16 },
    event: { count: 40 },
    entry: { count: 6 },
  });
  expect(first.queue).toEqual({ paused: true, completed: 1, failed: 1, lastSeq: 8 });
  expect((await stat(path("first"))).mode & 0o777).toBe(0o600);

  const imported = await importInstallation(servers, { file: path("first"), signal });
  expect(imported.kinds).toEqual(first.kinds);
  const second = await exported(servers, "second");
  expect(second).toMatchObject({
    kinds: first.kinds,
    newestEvent: first.newestEvent,
    queue: first.queue,
    audit: first.audit,
  });
  expect(await records("second")).toEqual(await records("first"));

  await importInstallation({ home: path("two") }, { file: path("second"), signal });
  await exported({ home: path("two") }, "third");
  expect(await records("third")).toEqual(await records("first"));
  expect(JSON.parse(await readFile(path("two/identity.json"), "utf8"))).toMatchObject({
    salt: INSTALLATION_SALT,
  });
});

it("goes on there as it would have gone on here", async () => {
  await fillInstallation(path("one"));
  await exported({ home: path("one") }, "first");
  await importInstallation(servers, { file: path("first"), signal });
  const here = await openSqliteStore({ file: path("one/mosaic.db") });
  await withServers(async (there) => {
    for (const store of [here, there]) await store.queue.resume();
    expect(await there.queue.counts()).toEqual(await here.queue.counts());
    expect(await there.facts.get("fingerprint_salt")).toBe(INSTALLATION_SALT);
    expect(await there.tokens.findByHash("hash")).toMatchObject({ name: "ci" });
    const request = { workerId: "w9", leaseMs: 60_000, maxActive: 100, maxPerWorker: 100 };
    const [one, other] = [await here.queue.claim(request), await there.queue.claim(request)];
    expect(other).toMatchObject({ taskId: one?.taskId, claims: one?.claims });
    for (const store of [here, there]) {
      await store.queue.enqueue({ taskId: "task-9", priority: 10 });
      await store.queue.enqueue({ taskId: "task-10", priority: 5 });
    }
    expect(await drainQueue(there)).toEqual(await drainQueue(here));
    const { task, agent } = admission({
      taskId: "afterwards",
      agentId: "00000000-0000-4000-8000-999999999999",
    });
    for (const store of [here, there]) await store.state.admit({ task, agent, maxPending: 1000 });
    const query = { after: 0, limit: 1000, subject: agent.agentId };
    expect(await there.state.eventsAfter(query)).toEqual(await here.state.eventsAfter(query));
    const all = { after: 0, limit: 1000, lifecycleOnly: true };
    expect(await there.state.eventsAfter(all)).toEqual(await here.state.eventsAfter(all));
    const entry = {
      at: "2026-01-03T00:00:00.000Z",
      actor: "a",
      action: "b",
      subject: "c",
      reason: "d",
      data: null,
    };
    expect(await there.audit.append(entry)).toEqual(await here.audit.append(entry));
    expect(await there.audit.verify()).toEqual({ ok: true, entries: 4 });
  });
  await here.close();
});

it("an agent's lease goes on: whoever holds it may write, whoever lost it may not", async () => {
  await fillInstallation(path("one"));
  const first = await openSqliteStore({ file: path("one/mosaic.db") });
  await first.queue.resume();
  const lease = await first.queue.claim({
    workerId: "w9",
    leaseMs: 600_000,
    maxActive: 100,
    maxPerWorker: 100,
  });
  await first.close();
  if (lease === null) throw new Error("nothing to claim");
  await exported({ home: path("one") }, "first");
  await importInstallation(servers, { file: path("first"), signal });
  await withServers(async ({ queue, state }) => {
    const fence = { taskId: lease.taskId, token: lease.token };
    expect(await state.append([], fence)).toEqual([]);
    expect(await queue.heartbeat(lease, 60_000)).toMatchObject({ taskId: lease.taskId });
    expect(await queue.release("w9")).toBe(1);
    await expect(queue.complete(lease)).rejects.toThrow("lost");
  });
});

it("moves an installation that has nothing yet", async () => {
  await mkdir(path("empty"));
  await (await openSqliteStore({ file: path("empty/mosaic.db") })).close();
  const { kinds } = await exported({ home: path("empty") }, "first");
  expect(kinds.task.count + kinds.event.count + kinds.audit.count).toBe(0);
  await importInstallation(servers, { file: path("first"), signal });
  await withServers(async ({ state }) => expect(await state.eventRange()).toEqual({ oldest: 0, newest: 0 }));
});

it("writes over no file, and leaves no half of one", async () => {
  await fillInstallation(path("one"));
  await writeFile(path("first"), "mine");
  await expect(exported({ home: path("one") }, "first")).rejects.toThrow("is there already");
  expect(await readFile(path("first"), "utf8")).toBe("mine");
  expect((await readdir(folder.path)).toSorted()).toEqual(["first", "one"]);
});
