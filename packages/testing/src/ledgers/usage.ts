import { BUDGET_SCOPES, type UsageLedger } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { errorOf, race } from "../race.ts";
import { reservation, spend, stand, usageEntry } from "./usage-records.ts";

const REPOSITORY = "https://git.example/one";
const SUBJECT = { agent: "a1", task: "t1", repository: REPOSITORY, instance: "", day: "2026-01-01" } as const;

/** What every usage ledger must do. */
export function usageLedgerConformance(name: string, open: OpenEngine<UsageLedger>): void {
  describe(`${name} as a usage ledger`, () => {
    const engine = useEngine(open);

    it("adds up each agent's requests by class of token, over a restart, too", async () => {
      await spend(engine.port, "r1");
      await spend(engine.port, "r2", { entry: { outputTokens: 5, costUsd: 0.5, complete: false } });
      await spend(engine.port, "r3", {
        reservation: { agentId: "a2" },
        entry: { status: 529, inputTokens: 0, costUsd: 0 },
      });
      const tokens = { cacheWrite5mTokens: 2, cacheWrite1hTokens: 4, cacheReadTokens: 6 };
      const expected = { inputTokens: 20, outputTokens: 25, ...tokens, requests: 2, costUsd: 0.75 };

      expect((await engine.port.totals(["a1"])).get("a1")).toEqual(expected);
      await engine.reopen();
      const totals = await engine.port.totals(["a1", "a2", "a1", "unknown"]);
      expect([...totals.keys()].sort()).toEqual(["a1", "a2"]);
      expect(totals.get("a1")).toEqual(expected);
      expect(totals.get("a2")).toMatchObject({ requests: 1, inputTokens: 0, costUsd: 0 });
      expect((await engine.port.totals([])).size).toBe(0);
    });

    it("loses nothing of what fifty record at once", async () => {
      const { lost } = await race(50, (index) => spend(engine.port, `r${index}`));
      expect(lost).toEqual([]);
      const total = (await engine.port.totals(["a1"])).get("a1");
      expect(total).toMatchObject({ requests: 50, inputTokens: 500, costUsd: 12.5 });
    });

    it("turns a reservation into what was spent, once", async () => {
      await engine.port.reserve(reservation("r1"), {});
      for (const scope of BUDGET_SCOPES)
        expect(await stand(engine.port, scope, SUBJECT[scope])).toEqual([0, 0.5]);
      const settled = await race(5, () => engine.port.settle("r1", usageEntry("r1")));
      expect(settled.won.filter((first) => first)).toHaveLength(1);
      for (const scope of BUDGET_SCOPES)
        expect(await stand(engine.port, scope, SUBJECT[scope])).toEqual([0.25, 0]);
      expect((await engine.port.totals(["a1"])).get("a1")).toMatchObject({ requests: 1 });
    });

    it("gives back what was reserved for a request that was never sent", async () => {
      await engine.port.reserve(reservation("r1"), {});
      await engine.port.release("r1");
      await engine.port.release("r1");
      expect(await engine.port.settle("r1", usageEntry("r1"))).toBe(false);
      expect(await stand(engine.port, "instance", "")).toEqual([0, 0]);
      expect((await engine.port.totals(["a1"])).size).toBe(0);
    });

    it("holds a request once when it is asked twice, because an answer was lost", async () => {
      const outcomes = await race(3, () => engine.port.reserve(reservation("r1"), { instance: 0.5 }));
      expect(outcomes.won).toEqual(Array.from({ length: 3 }, () => ({ kind: "reserved" })));
      expect(await stand(engine.port, "instance", "")).toEqual([0, 0.5]);
      const other = engine.port.reserve(reservation("r1", { agentId: "a2" }), {});
      expect(await errorOf(other)).toMatchObject({ name: "InvalidChangeError" });
    });

    budgets(engine);
    reports(engine);
  });
}

type InTest = ReturnType<typeof useEngine<UsageLedger>>;

function budgets(engine: InTest): void {
  it.each(BUDGET_SCOPES)("refuses what would pass the limit of the %s, and writes nothing", async (scope) => {
    const limits = { [scope]: 1 };
    await spend(engine.port, "r1", { entry: { costUsd: 0.5 } });
    expect(await engine.port.reserve(reservation("r2"), limits)).toEqual({ kind: "reserved" });
    const stands = { scope, limitUsd: 1, spentUsd: 0.5, reservedUsd: 0.5 };
    // There would be room if the request under way turned out to be cheap.
    const third = engine.port.reserve(reservation("r3", { costUsd: 0.1 }), limits);
    expect(await third).toEqual({ kind: "held", ...stands });
    const large = engine.port.reserve(reservation("r4", { costUsd: 0.6 }), limits);
    expect(await large).toEqual({ kind: "exhausted", ...stands });
    expect(await stand(engine.port, scope, SUBJECT[scope])).toEqual([0.5, 0.5]);
  });

  it("does not hold one agent, task, repository or day to the limit of another", async () => {
    const limits = { agent: 0.5, task: 0.5, repository: 0.5, day: 0.5 };
    expect(await engine.port.reserve(reservation("r1"), limits)).toEqual({ kind: "reserved" });
    const other = { agentId: "a2", taskId: "t2", repository: "r2", at: "2026-01-02T00:00:00.000Z" };
    expect(await engine.port.reserve(reservation("r2", other), limits)).toEqual({ kind: "reserved" });
  });

  it("never lets two hundred at once pass the limit, however they are settled", async () => {
    const limits = { instance: 5, day: 5 };
    const { won, lost } = await race(200, async (index) => {
      const id = `r${index}`;
      const outcome = await engine.port.reserve(reservation(id, { costUsd: 0.1 }), limits);
      if (outcome.kind === "reserved") await engine.port.settle(id, usageEntry(id, { costUsd: 0.1 }));
      return outcome.kind;
    });
    expect(lost).toEqual([]);
    expect(won.filter((kind) => kind === "reserved")).toHaveLength(50);
    expect(await stand(engine.port, "instance", "")).toEqual([5, 0]);
  });

  it("counts a request against the day it was made, whenever it ends", async () => {
    await spend(engine.port, "r1", { entry: { at: "2026-01-02T00:00:01.000Z" } });
    expect(await stand(engine.port, "day", "2026-01-01")).toEqual([0.25, 0]);
    expect(await stand(engine.port, "day", "2026-01-02")).toEqual([0, 0]);
  });

  it("keeps reservations over a crash, and then takes all of them for spent", async () => {
    await engine.port.reserve(reservation("r1", { agentId: "a1" }), {});
    await engine.port.reserve(reservation("r2", { agentId: "a1" }), {});
    await engine.port.reserve(reservation("r3", { agentId: "a3", owner: "instance-2" }), {});
    await engine.reopen();
    expect(await stand(engine.port, "instance", "")).toEqual([0, 1.5]);
    expect(await engine.port.settleAbandoned("instance-1", "2026-01-01T01:00:00.000Z")).toBe(2);
    expect(await engine.port.settleAbandoned("instance-1", "2026-01-01T01:00:00.000Z")).toBe(0);
    expect(await stand(engine.port, "instance", "")).toEqual([1, 0.5]);
    const total = (await engine.port.totals(["a1"])).get("a1");
    expect(total).toMatchObject({ requests: 2, costUsd: 1, cacheWrite5mTokens: 2000, outputTokens: 200 });
  });

  it("adds up amounts without drifting from the limit", async () => {
    const limits = { instance: 1 };
    for (let i = 0; i < 10; i += 1) {
      const outcome = await engine.port.reserve(reservation(`r${i}`, { costUsd: 0.1 }), limits);
      expect(outcome).toEqual({ kind: "reserved" });
      await engine.port.settle(`r${i}`, usageEntry(`r${i}`, { costUsd: 0.1 }));
    }
    expect(await stand(engine.port, "instance", "")).toEqual([1, 0]);
  });
}

function reports(engine: InTest): void {
  it("sums by agent, task, repository and day, dearest or newest first", async () => {
    await spend(engine.port, "r1", { entry: { costUsd: 0.1 } });
    await spend(engine.port, "r2", { reservation: { agentId: "a2" }, entry: { costUsd: 0.2 } });
    const later = { agentId: "a3", taskId: "t3", repository: "two", at: "2026-01-03T00:00:00.000Z" };
    await spend(engine.port, "r3", { reservation: later, entry: { costUsd: 0.4 } });

    const by = async (what: "agent" | "task" | "repository" | "day", since: string | null = null) =>
      (await engine.port.sums({ by: what, since, limit: 2 })).items.map((item) => [
        item.subject,
        item.costUsd,
      ]);
    expect(await by("agent")).toEqual([
      ["a3", 0.4],
      ["a2", 0.2],
    ]);
    expect(await by("task")).toEqual([
      ["t3", 0.4],
      ["t1", 0.3],
    ]);
    expect(await by("repository")).toEqual([
      ["two", 0.4],
      [REPOSITORY, 0.3],
    ]);
    expect(await by("day")).toEqual([
      ["2026-01-03", 0.4],
      ["2026-01-01", 0.3],
    ]);
    expect(await by("agent", "2026-01-02")).toEqual([["a3", 0.4]]);
    const { total } = await engine.port.sums({ by: "agent", since: null, limit: 1 });
    expect(total).toMatchObject({ requests: 3, inputTokens: 30, costUsd: 0.7 });
  });

  it("has zeros where nothing was spent", async () => {
    const none = { requests: 0, inputTokens: 0, outputTokens: 0, costUsd: 0 };
    expect(await engine.port.sums({ by: "day", since: null, limit: 5 })).toMatchObject({
      items: [],
      total: none,
    });
    expect(await engine.port.balances([])).toEqual([]);
  });
}
