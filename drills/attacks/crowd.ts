import type { KillReceipt } from "@mosaic/contracts";
import type { ScenarioResult } from "../drill.ts";
import type { Arena } from "./arena.ts";
import { type Hostile, hostile, leftOf, SAVING_MS, stepsOf } from "./kill-agent.ts";
import { newTally } from "./tally.ts";
import { waitFor } from "../wait-for.ts";

/** All of them are killed within this time from the order to the last receipt, in milliseconds (ORCH-126). */
export const CROWDS = [
  { agents: 10, limitMs: 2_000 },
  { agents: 30, limitMs: 5_000 },
] as const;

/** One after the other, over and over: what costs a kill the most is among them. */
const ATTACKS = [
  "respawner",
  "fork bomb",
  "daemon",
  "10,000 sockets",
  "ignores signals",
  "holds the workspace",
  "open files",
  "blocked reads",
  "double fork",
  "setsid",
];

/** What is said of an agent whose sandbox was ended before anybody ordered its kill, for what it took. */
const TOO_MUCH = /more processes than a sandbox may have/;

/** As many at once, killed by one order. */
export async function killCrowd(
  arena: Arena,
  { agents, limitMs }: (typeof CROWDS)[number],
): Promise<ScenarioResult> {
  const tally = newTally();
  const crowd: Hostile[] = await Promise.all(
    Array.from({ length: agents }, (_, at) => hostile(arena, ATTACKS[at % ATTACKS.length] ?? "setsid")),
  );
  const started = performance.now();
  const answer = await arena.mosaic.client.call("killAll", { body: { reason: "drill" } });
  const tookMs = performance.now() - started;
  tally.took(tookMs);
  if (tookMs > limitMs) tally.broken(`the kill took ${Math.round(tookMs)} ms, more than ${limitMs}`);
  for (const { agentId, error } of answer.errors) tally.broken(`${agentId}: ${error}`);
  tally.note(answer.message);
  const receipts: KillReceipt[] = [];
  for (const agent of crowd) {
    const { status, error, details } = await arena.mosaic.client.call("getAgent", {
      params: { agentId: agent.agentId },
    });
    tally.survived(await leftOf(arena, agent));
    if (status === "failed" && TOO_MUCH.test(error ?? "")) {
      tally.note(`${agent.agentId} had been ended: ${error}`);
      continue;
    }
    const { receipt } = (details ?? {}) as { readonly receipt?: KillReceipt };
    if (receipt !== undefined) receipts.push(receipt);
    if (status !== "killed") tally.broken(`${agent.agentId} is ${status}`);
    for (const left of receipt?.residual ?? ["no receipt"]) tally.broken(`${agent.agentId}: ${left}`);
  }
  const [slowest] = receipts.sort((one, other) => other.durationMs - one.durationMs);
  if (slowest !== undefined) tally.note(`the slowest receipt: ${stepsOf(slowest)}`);
  const { active } = await arena.mosaic.client.call("queueStats");
  if (active > 0) tally.survived([`${active} leases`]);
  const noContainers = async (): Promise<true | null> =>
    (await arena.adapter.containers()).length === 0 ? true : null;
  await waitFor("the end of the containers", noContainers, SAVING_MS).catch(() => null);
  tally.survived((await arena.adapter.containers()).map((name) => `container ${name}`));
  await arena.mosaic.client.call("resumeQueue");
  return tally.result(agents);
}
