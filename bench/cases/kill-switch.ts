import { type BenchCase, median, timed } from "../measure.ts";
import { scenario, startSystem, type System } from "../../tests/system.ts";

async function working(system: System, count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => system.spawn()));
  await Promise.all(ids.map((id) => system.seen(id, "transcript.tool_call")));
  return ids;
}

export const killSwitch: BenchCase = {
  name: "kill",
  async run() {
    const system = await startSystem(scenario("waits"), {
      MAX_CONCURRENT_AGENTS: "10",
      ORCHESTRATOR_QUEUE_CONCURRENCY: "10",
    });
    try {
      const one: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const [agentId = ""] = await working(system, 1);
        one.push(await timed(() => system.client.call("killAgent", { params: { agentId } })));
      }
      await working(system, 10);
      const ten = await timed(() => system.client.call("killAll"));
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
      ];
    } finally {
      await system.close();
    }
  },
};
