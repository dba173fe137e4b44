import type { AgentView } from "@mosaic/contracts";
import { cleanLine } from "../terminal/clean.ts";
import type { Paint, Tone } from "../terminal/paint.ts";
import { tableLines, type Cell, type Column } from "./table.ts";
import { age, dollars, short } from "./units.ts";

const TONES: Readonly<Record<AgentView["status"], Tone>> = {
  spawning: "info",
  running: "strong",
  completed: "good",
  failed: "bad",
  killed: "warn",
};

/** The tone of a status wherever one is shown. */
export function statusTone(status: AgentView["status"]): Tone {
  return TONES[status];
}

/** What an agent is at, in a word or two: a kill that has not been proven yet wins. */
export function whereabouts(agent: AgentView): string {
  if (agent.status === "failed") return agent.reason ?? "";
  if (agent.status === "running" || agent.status === "spawning") {
    return agent.killRequestedAt === undefined ? (agent.step ?? "") : "kill requested";
  }
  return "";
}

const COLUMNS: readonly Column[] = [
  { title: "AGENT" },
  { title: "STATUS" },
  { title: "STEP", min: 8 },
  { title: "TYPE" },
  { title: "AGE" },
  { title: "COST" },
  { title: "TASK", min: 10 },
  { title: "WORK", min: 10 },
];

/** The agents of `mosaic ls`, one a line. */
export function agentTable(
  agents: readonly AgentView[],
  style: { readonly paint: Paint; readonly width: number | null; readonly nowMs: number },
): string[] {
  const rows = agents.map((agent): Cell[] => [
    { text: short(agent.agentId), tone: "strong" },
    { text: agent.status, tone: statusTone(agent.status) },
    { text: cleanLine(whereabouts(agent)) },
    { text: agent.agentType },
    { text: age(agent.spawnedAt, style.nowMs) },
    { text: dollars(agent.usage.costUsd) },
    { text: cleanLine(agent.taskId) },
    { text: cleanLine(agent.workItems[0] ?? ""), tone: "dim" },
  ]);
  return tableLines(COLUMNS, rows, style);
}
