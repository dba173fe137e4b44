import { it } from "vitest";
import { KILL_STATES, startFor } from "./kill-states.ts";
it("x", async () => {
  const state = KILL_STATES.find((s) => s.name === "snapshotting")!;
  const system = await startFor(state);
  try { const agentId = await state.reach(system); console.log("reached");
   const r = await system.client.call("killAgent", { params: { agentId }, body: { reason: "x" } }).catch((e) => e);
   console.log(JSON.stringify(r, null, 1));
   for (const e of await system.events(agentId)) console.log(e.time, e.type, JSON.stringify(e.data).slice(0, 100));
  } finally { await system.close(); }
}, 60000);
