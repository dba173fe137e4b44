import { BUDGET_SCOPES } from "../usage-ledger.ts";
import { race, reservation, stand, usageEntry, usePostgres } from "@mosaic/testing";
import { describe, expect, it } from "vitest";
import type { PostgresStore } from "./open.ts";

const AT = "2026-01-01T00:00:00.000Z";

describe("several orchestrators on one PostgreSQL", () => {
  const postgres = usePostgres();

  let url = "";

  async function openMany(count: number): Promise<readonly PostgresStore[]> {
    url = await postgres.server.createDatabase();
    return Promise.all(Array.from({ length: count }, () => postgres.open({ url, poolSize: 6 })));
  }

  it.each(BUDGET_SCOPES)(
    "never pass the limit of the %s together, and refuse nobody too early",
    async (scope) => {
      const stores = await openMany(2);
      const limits = { [scope]: 2 };
      const outcomes = await race(100, (index) =>
        (stores[index % 2] as PostgresStore).usage.reserve(
          reservation(`r${index}`, { costUsd: 0.1 }),
          limits,
        ),
      );
      expect(outcomes.lost).toEqual([]);
      expect(outcomes.won.filter(({ kind }) => kind === "reserved")).toHaveLength(20);
      expect(await stand((stores[0] as PostgresStore).usage, "instance", "")).toEqual([0, 2]);
    },
  );

  it("wait for each other in one order, whatever they reserve, settle, release and clean up", async () => {
    const stores = await openMany(3);
    const { won, lost } = await race(150, async (index) => {
      const { usage } = stores[index % 3] as PostgresStore;
      const id = `r${index}`;
      const place = { agentId: `a${index % 4}`, taskId: `t${index % 3}`, repository: `r${index % 2}` };
      const owner = `o${index % 5}`;
      await usage.reserve(reservation(id, { ...place, owner, costUsd: 0.1 }), { instance: 1000 });
      if (index % 3 === 0) await usage.release(id);
      else if (index % 3 === 1) await usage.settle(id, usageEntry(id, { ...place, costUsd: 0.1 }));
      else await usage.settleAbandoned(owner, AT);
      return id;
    });
    expect(lost).toEqual([]);
    expect(won).toHaveLength(150);
    const [first] = stores as [PostgresStore];
    for (const owner of ["o0", "o1", "o2", "o3", "o4"]) await first.usage.settleAbandoned(owner, AT);
    const { total } = await first.usage.sums({ by: "agent", since: null, limit: 1 });
    expect(await stand(first.usage, "instance", "")).toEqual([total.costUsd, 0]);
    // A session tells of its deadlocks when it ends, at the latest.
    await Promise.all(stores.map((store) => store.close()));
    const deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    expect(await postgres.server.sql(url, deadlocks)).toBe("0");
  });

  it("settle what a dead one left behind once, however many of them do", async () => {
    const stores = await openMany(3);
    const [first] = stores as [PostgresStore];
    await race(30, (index) => first.usage.reserve(reservation(`r${index}`, { costUsd: 0.1 }), {}));
    const { won } = await race(3, (index) =>
      (stores[index] as PostgresStore).usage.settleAbandoned("instance-1", AT),
    );
    expect(won.reduce((sum, count) => sum + count, 0)).toBe(30);
    expect(await stand(first.usage, "instance", "")).toEqual([3, 0]);
  });

  it("append to one audit chain", async () => {
    const stores = await openMany(4);
    const { won, lost } = await race(200, (index) => {
      const entry = {
        at: AT,
        actor: `o${index % 4}`,
        action: "test",
        subject: `s${index}`,
        reason: "",
        data: { index },
      };
      return (stores[index % 4] as PostgresStore).audit.append(entry);
    });
    expect(lost).toEqual([]);
    expect(won.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(won.map((_, index) => index + 1));
    for (const { audit } of stores) expect(await audit.verify()).toEqual({ ok: true, entries: 200 });
  });

  it("verify the chain while it grows", async () => {
    const [writer, reader] = (await openMany(2)) as [PostgresStore, PostgresStore];
    const entry = { at: AT, actor: "a", action: "test", subject: "s", reason: "", data: null };
    const growing = race(100, () => writer.audit.append(entry));
    const verdicts = await race(30, () => reader.audit.verify());
    expect(verdicts.won.filter(({ ok }) => !ok)).toEqual([]);
    expect((await growing).lost).toEqual([]);
  });
});
