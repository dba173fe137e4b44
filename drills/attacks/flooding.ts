import { readFile } from "node:fs/promises";
import type { StoredEvent } from "@mosaic/contracts";
import { ATTACK_PROGRAM_LIST } from "@mosaic/testing";
import { seenEvent } from "../../tests/seen-event.ts";
import type { ScenarioResult } from "../drill.ts";
import type { Arena } from "./arena.ts";
import { found, killAgent, leftOf } from "./kill-agent.ts";
import { newTally } from "./tally.ts";

export const FLOODING = ATTACK_PROGRAM_LIST.filter(({ kind }) => kind === "output").map(({ name }) => name);

/** Memory an orchestrator may take more of while an agent prints a gigabyte, in megabytes. */
const GROWTH_MB = 256;
const ENDS = new Set<StoredEvent["type"]>(["transcript.tool_result", "agent.failed", "agent.killed"]);

/** One agent that prints without end: it is cut, or ended for it, and costs its orchestrator nothing much. */
export async function flood(arena: Arena, attack: string): Promise<ScenarioResult> {
  const tally = newTally();
  const before = await residentMb(arena.mosaic.pid);
  const agentId = await arena.spawn(attack);
  const tree = await arena.treeOf(agentId);
  const event = await seenEvent(arena.mosaic.client, agentId, ({ type }) => ENDS.has(type));
  if (event.type === "transcript.tool_result") {
    tally.note(`cut to ${event.data.output.length} characters, truncated: ${event.data.truncated}`);
    if (event.data.output.length > 1_000_000) tally.broken("the output was not cut");
  } else tally.note(JSON.stringify(event.data));
  const grownMb = (await peakMb(arena.mosaic.pid)) - before;
  tally.note(`the orchestrator's memory peaked ${grownMb} MB above what it was`);
  if (grownMb > GROWTH_MB) tally.broken(`the orchestrator took ${grownMb} MB more`);
  const agent = await found(agentId, tree);
  const { tookMs, residual } = await killAgent(arena, agent);
  tally.took(tookMs);
  for (const left of residual) tally.broken(`the receipt leaves ${left}`);
  tally.survived(await leftOf(arena, agent));
  return tally.result(1);
}

const residentMb = (pid: number): Promise<number> => megabytes(pid, "VmRSS");
const peakMb = (pid: number): Promise<number> => megabytes(pid, "VmHWM");

async function megabytes(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024);
}
