import { ApiError } from "@mosaic/client";
import { isDistributed } from "../../tests/store-mode.ts";
import { KILL_STATES, type KillState, leftOf, startFor } from "../../tests/kill-states.ts";
import type { System } from "../../tests/system.ts";
import type { Drill, DrillReport, ScenarioResult } from "../drill.ts";

/** Kills in each state. */
const TRIES = isDistributed() ? 1 : 3;
/** Agents of one kill-all. */
const CROWD = 10;
const KILL_ALL_TRIES = 2;

/** Kill with a receipt: in every state an agent can be in, twice at once, and everything at once. */
export const drill: Drill = {
  name: "kill",
  modes: ["embedded", "distributed"],
  async run(report: DrillReport): Promise<void> {
    for (const state of KILL_STATES) report.scenario(`kill: ${state.name}`, await inState(state));
    report.scenario("kill: twice at once", await twice());
    report.scenario(`kill-all: ${CROWD} working, ${CROWD} queued`, await everything());
  },
};

type Tally = { -readonly [K in keyof ScenarioResult]: ScenarioResult[K] } & { details: string[] };

const newTally = (): Tally => ({
  tries: 0,
  survivors: 0,
  losses: 0,
  violations: 0,
  slowestMs: 0,
  details: [],
});

/** The state every other scenario starts from. */
function working(): KillState {
  const state = KILL_STATES.find(({ name }) => name === "in a turn");
  if (state === undefined) throw new Error("there is no state 'in a turn'");
  return state;
}

async function inState(state: KillState): Promise<ScenarioResult> {
  const tally = newTally();
  const system = await startFor(state);
  try {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const agentId = await state.reach(system);
      const started = performance.now();
      const receipt = await killOrNull(system, agentId);
      tally.tries += 1;
      // An agent that was faster cleans up by itself.
      if (receipt === null) await system.seen(agentId, "agent.cleanup");
      else tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - started));
      if (receipt === null && state.mayEnd !== true) violation(tally, `${agentId} could not be killed`);
      for (const left of receipt?.residual ?? []) violation(tally, `residual: ${left}`);
      if (receipt !== null && receipt.push !== (state.push ?? "not_begun"))
        violation(tally, `the receipt says of the push: ${receipt.push}`);
      await lookFor(tally, system, agentId);
    }
    await checkAudit(tally, system);
  } finally {
    await system.close();
  }
  return tally;
}

async function twice(): Promise<ScenarioResult> {
  const tally = newTally();
  const state = working();
  const system = await startFor(state);
  try {
    for (let tried = 0; tried < TRIES; tried += 1) {
      const agentId = await state.reach(system);
      const started = performance.now();
      const [one, two] = await Promise.all([killOrNull(system, agentId), killOrNull(system, agentId)]);
      tally.tries += 1;
      tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - started));
      if (one === null && two === null) violation(tally, `${agentId}: neither order was receipted`);
      const ends = (await system.events(agentId)).filter(({ type }) => type === "agent.killed");
      if (ends.length !== 1) violation(tally, `${agentId} was killed ${ends.length} times`);
      await lookFor(tally, system, agentId);
    }
    await checkAudit(tally, system);
  } finally {
    await system.close();
  }
  return tally;
}

async function everything(): Promise<ScenarioResult> {
  const tally = newTally();
  const limit = String(CROWD);
  const env = { MAX_CONCURRENT_AGENTS: limit, ORCHESTRATOR_QUEUE_CONCURRENCY: limit };
  const state = working();
  const system = await startFor(state, env);
  try {
    for (let tried = 0; tried < KILL_ALL_TRIES; tried += 1) {
      const agents = await Promise.all(Array.from({ length: CROWD }, () => state.reach(system)));
      const queued = await Promise.all(Array.from({ length: CROWD }, () => system.spawn()));
      const started = performance.now();
      const answer = await system.client.call("killAll", { body: { reason: "drill" } });
      tally.tries += 1;
      tally.slowestMs = Math.max(tally.slowestMs, Math.round(performance.now() - started));
      if (answer.killed !== agents.length + queued.length) violation(tally, answer.message);
      for (const { agentId, error } of answer.errors) violation(tally, `${agentId}: ${error}`);
      for (const agentId of [...agents, ...queued]) await lookFor(tally, system, agentId);
    }
    await checkAudit(tally, system);
  } finally {
    await system.close();
  }
  return tally;
}

async function killOrNull(system: System, agentId: string) {
  try {
    return await system.client.call("killAgent", { params: { agentId }, body: { reason: "drill" } });
  } catch (error) {
    if (error instanceof ApiError && error.problem?.code === "illegal_transition") return null;
    throw error;
  }
}

async function lookFor(tally: Tally, system: System, agentId: string): Promise<void> {
  const left = await leftOf(system, agentId);
  tally.survivors += left.length;
  tally.details.push(...left.map((what) => `${agentId}: ${what}`));
  const { status, completedAt } = await system.client.call("getAgent", { params: { agentId } });
  if (completedAt === undefined) violation(tally, `${agentId} is still ${status}`);
}

async function checkAudit(tally: Tally, system: System): Promise<void> {
  const { ok, brokenAt } = await system.client.call("verifyAudit");
  if (!ok) violation(tally, `the audit log does not fit at entry ${brokenAt}`);
}

function violation(tally: Tally, what: string): void {
  tally.violations += 1;
  tally.details.push(what);
}
