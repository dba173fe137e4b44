import { freemem } from "node:os";
import { type BenchCase, median, timed } from "../measure.ts";
import { scenario, startSystem, type System } from "../../tests/system.ts";

/** The bars name a hundred; a machine with less memory takes as many as it holds. */
const BYTES_OF_AN_AGENT = 150e6;
const CROWD = Math.min(100, Math.floor(freemem() / 2 / BYTES_OF_AN_AGENT));

async function working(system: System, count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => system.spawn()));
  await Promise.all(ids.map((id) => system.seen(id, "transcript.tool_call")));
  return ids;
}

export const killSwitch: BenchCase = {
  name: "kill",
  async run() {
    const system = await startSystem(scenario("waits"), {
      MAX_CONCURRENT_AGENTS: String(CROWD),
      ORCHESTRATOR_QUEUE_CONCURRENCY: String(CROWD),
    });
    try {
      const one: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const [agentId = ""] = await working(system, 1);
        one.push(await timed(() => system.client.call("killAgent", { params: { agentId } })));
      }
      await working(system, 10);
      const ten = await timed(() => system.client.call("killAll"));
      await working(system, CROWD);
      const crowd = await timed(() => system.client.call("killAll"));
      return [
        {
          what: "kill: one agent, order to receipt, slowest of 5",
          value: Math.max(...one),
          unit: "ms",
          floor: null,
          bar: { at: "most", of: "value", limit: 1000 },
        },
        { what: "kill: one agent, median", value: median(one), unit: "ms", floor: null, bar: null },
        {
          what: "kill: ten agents at once, order to receipts",
          value: ten,
          unit: "ms",
          floor: null,
          bar: { at: "most", of: "value", limit: 2000 },
        },
        {
          what: `kill: ${CROWD} agents at once, order to receipts`,
          value: crowd,
          unit: "ms",
          floor: null,
          bar: { at: "most", of: "value", limit: 5000 },
        },
      ];
    } finally {
      await system.close();
    }
  },
};
