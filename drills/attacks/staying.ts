import { ATTACK_PROGRAM_LIST } from "@mosaic/testing";
import type { ScenarioResult } from "../drill.ts";
import type { Arena } from "./arena.ts";
import { hostile, killAgent, leftOf } from "./kill-agent.ts";
import { newTally } from "./tally.ts";

/** Longest time from the order to kill one agent to its receipt, in milliseconds (ORCH-126). */
const ONE_MS = 1_000;

/** Attacks that go on until somebody ends them. */
export const STAYING = ATTACK_PROGRAM_LIST.filter(({ kind }) =>
  ["stays", "processes", "memory"].includes(kind),
).map(({ name }) => name);

/** One such agent, killed alone. */
export async function killStaying(arena: Arena, attack: string): Promise<ScenarioResult> {
  const tally = newTally();
  const agent = await hostile(arena, attack);
  const { tookMs, residual, ended, steps = "" } = await killAgent(arena, agent);
  tally.took(tookMs);
  for (const left of residual) tally.broken(`the receipt leaves ${left}`);
  if (tookMs === null) tally.note(`it had ended by itself: ${ended}`);
  else if (tookMs > ONE_MS)
    tally.broken(`the kill took ${Math.round(tookMs)} ms, more than ${ONE_MS}: ${steps}`);
  tally.survived(await leftOf(arena, agent));
  for (const mark of await arena.target.marks()) tally.broken(mark);
  return tally.result(1);
}
