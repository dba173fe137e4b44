import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { StoredEvent } from "@mosaic/contracts";
import { ATTACK_PROGRAM_LIST, reachedIn } from "@mosaic/testing";
import { seenEvent } from "../../tests/seen-event.ts";
import type { ScenarioResult } from "../drill.ts";
import type { Arena } from "./arena.ts";
import { found, killAgent, leftOf } from "./kill-agent.ts";
import { newTally } from "./tally.ts";

/** Attacks that try to come to something, and say what. */
export const REACHING = ATTACK_PROGRAM_LIST.filter(({ kind }) => ["reaches", "kills"].includes(kind));

const ENDS = new Set<StoredEvent["type"]>([
  "transcript.tool_result",
  "agent.completed",
  "agent.failed",
  "agent.killed",
]);

/** One such agent: what it said, what the host noticed, and nothing left after its kill. */
export async function tryToReach(
  arena: Arena,
  { name, kind }: (typeof REACHING)[number],
): Promise<ScenarioResult> {
  const tally = newTally();
  const agentId = await arena.spawn(name);
  const tree = await arena.treeOf(agentId);
  const event = await seenEvent(arena.mosaic.client, agentId, ({ type }) => ENDS.has(type));
  const output = event.type === "transcript.tool_result" ? event.data.output : "";
  for (const what of reachedIn(output)) tally.broken(`reached ${what}`);
  const secrets = [arena.target.secret, (await readFile(join(arena.place.home, "cli-token"), "utf8")).trim()];
  if (secrets.some((secret) => output.includes(secret))) tally.broken("it read a secret");
  // Whoever kills all that it can may have killed itself.
  if (kind === "reaches" && !output.split("\n").includes("done"))
    tally.broken(`it did not get to its end: ${event.type} ${JSON.stringify(event.data)}`);
  const agent = await found(agentId, tree);
  const { tookMs, residual } = await killAgent(arena, agent);
  tally.took(tookMs);
  for (const left of residual) tally.broken(`the receipt leaves ${left}`);
  tally.survived(await leftOf(arena, agent));
  for (const mark of await arena.target.marks()) tally.broken(mark);
  return tally.result(1);
}
