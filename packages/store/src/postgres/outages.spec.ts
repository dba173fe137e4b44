import { errorOf, race, reservation, stand, startCutProxy, usageEntry, usePostgres } from "@mosaic/testing";
import { Client } from "pg";
import { afterEach, describe, expect, it } from "vitest";
import { StoreUnavailableError } from "../store-error.ts";
import type { PostgresStore } from "./open.ts";

const WRITERS = 8;
const LIMITS = { instance: 1_000_000 };

/** What writers were told. */
interface Told {
  readonly appended: Map<string, number>;
  readonly settled: Set<string>;
  readonly failures: unknown[];
}

/** Appends, reserves and settles until it is stopped or the store fails; `enough` resolves after so many answers. */
function startWriters(store: PostgresStore, { name, answers }: { name: string; answers: number }) {
  const told: Told = { appended: new Map(), settled: new Set(), failures: [] };
  const enough = Promise.withResolvers<void>();
  let stopped = false;
  const write = async (writer: number): Promise<void> => {
    for (let count = 0; !stopped; count += 1) {
      const id = `${name}-${writer}-${count}`;
      const at = "2026-01-01T00:00:00.000Z";
      const what = { at, actor: "test", action: "test", subject: id, reason: "test", data: null };
      told.appended.set(id, (await store.audit.append(what)).seq);
      await store.usage.reserve(reservation(id, { agentId: `a${writer}` }), LIMITS);
      if (await store.usage.settle(id, usageEntry(id, { agentId: `a${writer}` }))) told.settled.add(id);
      if (told.settled.size >= answers) enough.resolve();
    }
  };
  const ended = Promise.all(
    Array.from({ length: WRITERS }, (_, writer) =>
      write(writer).catch((error: unknown) => told.failures.push(error)),
    ),
  );
  const stop = (): void => {
    stopped = true;
  };
  return { told, enough: enough.promise, ended, stop };
}

describe("the control plane on a PostgreSQL that fails it", () => {
  const postgres = usePostgres();
  const others: Client[] = [];
  afterEach(async () => {
    await Promise.all(others.splice(0).map((other) => other.end()));
  });

  it("has kept every answer when the server is killed in the middle of writing, and nothing twice", async () => {
    const url = await postgres.server.createDatabase();
    const store = await postgres.open({ url });
    for (const [name, answers] of [
      ["first", 20],
      ["second", 60],
    ] as const) {
      const { told, enough, ended, stop } = startWriters(store, { name, answers });
      await enough;
      await postgres.server.process.kill();
      stop();
      await postgres.server.restart();
      await ended;

      for (const error of told.failures)
        expect(error).toMatchObject({ code: expect.stringMatching(/^(unreachable|crashed)$/) });
      const entries = await store.audit.list(0, 10_000);
      for (const [subject, seq] of told.appended) expect(entries[seq - 1]?.subject).toBe(subject);
      expect(new Set(entries.map(({ subject }) => subject)).size).toBe(entries.length);
      expect(await store.audit.verify()).toEqual({ ok: true, entries: entries.length });

      const requests = (await postgres.server.sql(url, "SELECT request_id FROM usage_entries")).split("\n");
      expect([...told.settled].filter((id) => !requests.includes(id))).toEqual([]);
      expect(new Set(requests).size).toBe(requests.length);
    }
    await store.usage.settleAbandoned("instance-1", "2026-01-02T00:00:00.000Z");
    const { total } = await store.usage.sums({ by: "agent", since: null, limit: 1 });
    expect(await stand(store.usage, "instance", "")).toEqual([total.costUsd, 0]);
  });

  it("goes on by itself when all its connections were lost while nobody used them", async () => {
    const store = await postgres.open({ url: await postgres.server.createDatabase() });
    await race(10, (index) => store.facts.replace(String(index), "x"));
    await postgres.server.process.kill();
    // Its sessions are processes of their own, and see a little later that it is gone.
    const untilGone = async (): Promise<never> => {
      for (;;) await store.facts.get("1");
    };
    expect(await errorOf(untilGone())).toMatchObject({ code: "unreachable" });
    expect(await store.check()).toMatchObject({ ok: false });
    await postgres.server.restart();
    expect(await store.facts.get("1")).toBe("x");
    expect(await store.check()).toMatchObject({ ok: true, detail: expect.stringMatching(/^PostgreSQL \d+/) });
  });

  it("gives up on a server that says nothing any more, in bounded time", async () => {
    const url = await postgres.server.createDatabase();
    const proxy = await startCutProxy({ port: postgres.server.port });
    const through = url.replace(`:${postgres.server.port}/`, `:${proxy.port}/`);
    const timeouts = { connectMs: 200, statementMs: 200 };
    const store = await postgres.open({ url: through, timeouts, poolSize: 2 });
    await store.facts.replace("epoch", "one");
    proxy.cut();
    const { lost } = await race(6, (index) => store.facts.replace("epoch", String(index)));
    expect(lost).toHaveLength(6);
    for (const error of lost) {
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ code: expect.stringMatching(/^(unreachable|busy)$/) });
    }
    proxy.mend();
    expect(await store.facts.get("epoch")).toBe("one");
    proxy.cut();
    await store.close();
    await proxy.close();
  });

  it("gives up on a server that accepts no connection any more, and closes", async () => {
    const url = await postgres.server.createDatabase();
    postgres.server.process.freeze();
    const timeouts = { connectMs: 200, statementMs: 200 };
    expect(await errorOf(postgres.open({ url, timeouts }))).toMatchObject({ code: "unreachable" });
    postgres.server.process.thaw();
  });

  it("gives up on a row that somebody else has locked, and says so", async () => {
    const url = await postgres.server.createDatabase();
    const store = await postgres.open({ url, timeouts: { statementMs: 200 } });
    await store.facts.replace("epoch", "one");
    const person = new Client(url);
    others.push(person);
    await person.connect();
    await person.query("BEGIN; UPDATE installation SET value = 'two'");
    expect(await errorOf(store.facts.replace("epoch", "three"))).toMatchObject({
      code: "busy",
      message: expect.stringContaining("pg_stat_activity"),
    });
    await person.query("ROLLBACK");
    await store.facts.replace("epoch", "three");
    expect(await store.facts.get("epoch")).toBe("three");
  });

  it("answers nothing after it was closed, and finishes what was asked before", async () => {
    const url = await postgres.server.createDatabase();
    const store = await postgres.open({ url });
    const before = race(20, (index) => store.facts.replace(String(index), "x"));
    await Promise.all([store.close(), store.close()]);
    expect((await before).lost).toEqual([]);
    expect(await errorOf(store.facts.get("1"))).toMatchObject({ code: "closed" });
    expect(await store.check()).toEqual({ ok: false, detail: "the store is closed" });
  });
});
