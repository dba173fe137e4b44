import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  admission,
  drainQueue,
  fillInstallation,
  INSTALLATION_SALT,
  temporaryFolder,
  useServers,
  type TemporaryFolder,
} from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openSqliteStore } from "../sqlite/open.ts";
import type { Place } from "./installation.ts";
import { exported as exportedTo, imported } from "./moves-in-test.ts";

const servers = useServers({ durable: false });
let folder: TemporaryFolder;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

const path = (name: string): string => join(folder.path, name);
const exported = (place: Place, name: string) => exportedTo(place, path(name));

/** Lines without what is of this export only, and what audits the moves. */
async function records(name: string): Promise<readonly string[]> {
  const lines = (await readFile(path(name), "utf8")).trimEnd().split("\n").slice(1, -1);
  return lines.filter((line) => !line.includes('"action":"installation.')).toSorted();
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

  const there = await imported(servers.place, path("first"));
  expect(there.kinds).toEqual(first.kinds);
  const second = await exported(servers.place, "second");
  const { audit: chain, ...moved } = first.kinds;
  expect(second).toMatchObject({ kinds: moved, newestEvent: first.newestEvent, queue: first.queue });
  expect(second.kinds.audit.count).toBe(chain.count + 1);
  expect(await records("second")).toEqual(await records("first"));

  await imported({ home: path("two") }, path("second"));
  await exported({ home: path("two") }, "third");
  expect(await records("third")).toEqual(await records("first"));
  expect(JSON.parse(await readFile(path("two/identity.json"), "utf8"))).toMatchObject({
    salt: INSTALLATION_SALT,
  });
});

it("writes tasks as they were written before there was a choice of runtimes, unless one was chosen", async () => {
  await fillInstallation(path("one"));
  await exported({ home: path("one") }, "first");
  const tasks = (await records("first")).filter((line) => line.startsWith('{"task":'));
  const named = tasks.filter((line) => line.includes('"runtime":'));
  expect([tasks.length, named.length]).toEqual([12, 3]);
  expect(named.every((line) => line.includes('"runtime":"other-agent"'))).toBe(true);
});

it("goes on there as it would have gone on here", async () => {
  await fillInstallation(path("one"));
  await exported({ home: path("one") }, "first");
  await imported(servers.place, path("first"));
  const here = await openSqliteStore({ file: path("one/mosaic.db") });
  await servers.withStore(async (there) => {
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
    await there.audit.append(entry);
    expect(await there.audit.verify()).toEqual({ ok: true, entries: 5 });
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
  await imported(servers.place, path("first"));
  await servers.withStore(async ({ queue, state }) => {
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
  await imported(servers.place, path("first"));
  await servers.withStore(async ({ state }) =>
    expect(await state.eventRange()).toEqual({ oldest: 0, newest: 0 }),
  );
});

it("writes over no file, and leaves no half of one", async () => {
  await fillInstallation(path("one"));
  await writeFile(path("first"), "mine");
  await expect(exported({ home: path("one") }, "first")).rejects.toThrow("is there already");
  expect(await readFile(path("first"), "utf8")).toBe("mine");
  expect((await readdir(folder.path)).toSorted()).toEqual(["first", "one"]);
});

it("each move is audited by who did it, with what was moved: the copy where it was taken, and the arrival", async () => {
  await fillInstallation(path("one"));
  const { kinds, newestEvent } = await exported({ home: path("one") }, "first");
  const counts = Object.fromEntries(Object.entries(kinds).map(([kind, { count }]) => [kind, count]));
  const sha256 = JSON.parse(
    (await readFile(path("first"), "utf8")).trimEnd().split("\n").at(-1) ?? "",
  ).sha256;
  const about = { actor: "cli:test", subject: sha256 };
  const here = await openSqliteStore({ file: path("one/mosaic.db") });
  expect(await here.audit.list(3, 10)).toMatchObject([
    { ...about, action: "installation.export", reason: `written to ${path("first")}`, data: { counts } },
  ]);
  expect(await here.audit.verify()).toEqual({ ok: true, entries: 4 });
  await here.close();
  await imported(servers.place, path("first"));
  const arrival = {
    ...about,
    action: "installation.import",
    data: { from: "embedded", exportedAt: "2026-01-02T00:00:00.000Z", newestEvent, counts },
  };
  await servers.withStore(async ({ audit }) => {
    expect(await audit.list(3, 10)).toMatchObject([arrival]);
  });
  await imported({ home: path("two") }, path("first"));
  const two = await openSqliteStore({ file: path("two/mosaic.db") });
  expect(await two.audit.list(3, 10)).toMatchObject([arrival]);
  await two.close();
  await exported(servers.place, "second");
  await servers.withStore(async ({ audit }) => {
    expect((await audit.list(4, 10)).map(({ action }) => action)).toEqual(["installation.export"]);
    expect(await audit.verify()).toEqual({ ok: true, entries: 5 });
  });
});
