import { ApiError } from "@mosaic/client";
import { afterEach, expect, it } from "vitest";
import { KILL_STATES, leftOf, startFor } from "./kill-states.ts";
import { ADMIN } from "./store-mode.ts";
import type { System } from "./system.ts";

let system: System;
afterEach(() => system.close());

const kill = (agentId: string, reason: string) =>
  system.client.call("killAgent", { params: { agentId }, body: { reason } });

async function expectNothingLeft(agentId: string): Promise<void> {
  expect(await leftOf(system, agentId)).toEqual([]);
  expect(await system.client.call("queueStats")).toMatchObject({ active: 0, pending: 0, delayed: 0 });
  expect(await system.client.call("verifyAudit")).toMatchObject({ ok: true, brokenAt: null });
}

it.each(KILL_STATES.filter(({ mayEnd }) => mayEnd !== true))(
  "a kill works and is receipted while the agent is $name",
  async (state) => {
    system = await startFor(state);
    const agentId = await state.reach(system);
    const receipt = await kill(agentId, state.name);
    expect(receipt).toMatchObject({ status: "killed", residual: [], push: state.push ?? "not_begun" });
    expect(receipt.steps.filter((step) => !step.ok)).toEqual([]);
    const { message: _, ...kept } = receipt;
    const agent = await system.client.call("getAgent", { params: { agentId } });
    expect(agent).toMatchObject({ status: "killed", reason: "killed", details: { receipt: kept } });
    const { items } = await system.client.call("listAudit");
    expect(items.at(-1)).toMatchObject({
      action: "agent.kill",
      actor: expect.stringMatching(ADMIN),
      subject: agentId,
      reason: state.name,
      data: { stateBefore: receipt.previousStatus, outcome: "killed", receipt: kept },
    });
    await expectNothingLeft(agentId);
  },
);

it.each(KILL_STATES.filter(({ mayEnd }) => mayEnd === true))(
  "a kill while the agent is $name is receipted, or refused because the agent had ended; nothing is left",
  async (state) => {
    system = await startFor(state);
    const agentId = await state.reach(system);
    const receipt = await kill(agentId, state.name).catch((error: unknown) => {
      if (error instanceof ApiError && error.problem?.code === "illegal_transition") return null;
      throw error;
    });
    if (receipt === null) await system.seen(agentId, "agent.cleanup");
    const { status } = await system.client.call("getAgent", { params: { agentId } });
    expect(receipt === null ? ["completed", "failed"] : ["killed"]).toContain(status);
    expect(receipt?.residual ?? []).toEqual([]);
    await expectNothingLeft(agentId);
  },
);
