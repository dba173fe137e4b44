import type { UsageEntry, UsageLedger } from "@mosaic/store";
import { describe, expect, it } from "vitest";
import { useEngine, type OpenEngine } from "../engine.ts";
import { race } from "../race.ts";

function entry(agentId: string, requestId: string): UsageEntry {
  return {
    agentId,
    taskId: "t1",
    requestId,
    model: "model-1",
    status: 200,
    inputTokens: 10,
    outputTokens: 20,
    cacheWrite5mTokens: 1,
    cacheWrite1hTokens: 2,
    cacheReadTokens: 3,
    costUsd: 0.25,
    priceVersion: "2026-11",
    at: "2026-01-01T00:00:00.000Z",
    complete: true,
  };
}

/** What every usage ledger must do. */
export function usageLedgerConformance(name: string, open: OpenEngine<UsageLedger>): void {
  describe(`${name} as a usage ledger`, () => {
    const engine = useEngine(open);

    it("adds up each agent's requests by class of token, over a restart, too", async () => {
      await engine.port.record(entry("a1", "r1"));
      await engine.port.record({ ...entry("a1", "r2"), outputTokens: 5, costUsd: 0.5, complete: false });
      await engine.port.record({ ...entry("a2", "r3"), status: 529, inputTokens: 0, costUsd: 0 });
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
      const { lost } = await race(50, (index) => engine.port.record(entry("a1", `r${index}`)));
      expect(lost).toEqual([]);
      const total = (await engine.port.totals(["a1"])).get("a1");
      expect(total).toMatchObject({ requests: 50, inputTokens: 500, costUsd: 12.5 });
    });
  });
}
