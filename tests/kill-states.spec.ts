import { ApiError } from "@mosaic/client";
import { expect, it } from "vitest";
import { KILL_STATES, leftOf, startFor } from "./kill-states.ts";

/** The owner's limit for one agent (ORCH-126), in milliseconds. */
const LIMIT_MS = 5000;

it.each(KILL_STATES)("a kill works and is receipted while the agent is $name", async (state) => {
  const system = await startFor(state);
  try {
    const agentId = await state.reach(system);
    const receipt = await system.client
      .call("killAgent", { params: { agentId }, body: { reason: state.name } })
      .catch((error: unknown) => {
        // It was faster; then its own end stands, and says so.
        const isEnd = error instanceof ApiError && error.problem?.code === "illegal_transition";
        if (state.mayEnd === true && isEnd) return null;
        throw error;
      });
    const agent = await system.client.call("getAgent", { params: { agentId } });
    if (receipt === null) {
      await system.seen(agentId, "agent.cleanup");
      expect(["completed", "failed"]).toContain(agent.status);
    } else {
      expect(receipt).toMatchObject({ status: "killed", residual: [] });
      expect(receipt.durationMs).toBeLessThan(LIMIT_MS);
      expect(receipt.steps.filter((step) => !step.ok)).toEqual([]);
      expect(agent).toMatchObject({
        status: "killed",
        details: { receipt: { status: "killed", steps: expect.any(Array), residual: [] } },
      });
      const { items } = await system.client.call("listAudit");
      expect(items.at(-1)).toMatchObject({
        action: "agent.kill",
        actor: "admin",
        subject: agentId,
        reason: state.name,
        data: { stateBefore: receipt.previousStatus, outcome: "killed", receipt: { residual: [] } },
      });
    }
    expect(await leftOf(system, agentId)).toEqual([]);
    expect(await system.client.call("queueStats")).toMatchObject({ active: 0, pending: 0, delayed: 0 });
    expect(await system.client.call("verifyAudit")).toMatchObject({ ok: true, brokenAt: null });
  } finally {
    await system.close();
  }
});
