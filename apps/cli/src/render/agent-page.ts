import {
  EVENT_DATA,
  type AgentView,
  type EventData,
  KeptReceipt,
  type KillReceipt,
  QualityDetails,
} from "@mosaic/contracts";
import { clean, cleanDeep } from "../terminal/clean.ts";
import type { Paint } from "../terminal/paint.ts";
import { statusTone, whereabouts } from "./agent-table.ts";
import type { EventToRender } from "./event-lines.ts";
import { receiptDetails } from "./kill-lines.ts";
import { rejectionLines } from "./rejection-lines.ts";
import { pairLines } from "./table.ts";
import { verdictMark } from "./tell-work.ts";
import { dateTime, duration, short } from "./units.ts";
import { usageLine } from "./usage.ts";

/** Files of an overlap that are shown. */
const OVERLAP_FILES = 20;

interface PageStyle {
  readonly paint: Paint;
  readonly nowMs: number;
}

/** What an agent's events say that its view does not: its newest verdicts, and who killed it. */
export interface AgentStory {
  readonly verdicts: readonly EventData<"gates.verdict">[];
  readonly kill?: EventData<"agent.killed"> | EventData<"agent.kill_requested">;
  readonly pushed?: EventData<"push.verified">;
  /** What was last said of each agent that changes the same files. */
  readonly overlaps?: readonly EventData<"agent.overlap">[];
}

/** Reads the story out of an agent's events, oldest first. A new round of gates replaces the verdicts before it. */
export function readStory(events: Iterable<EventToRender>): AgentStory {
  const verdicts = new Map<string, EventData<"gates.verdict">>();
  const overlaps = new Map<string, EventData<"agent.overlap">>();
  const story: { -readonly [K in keyof AgentStory]: AgentStory[K] } = { verdicts: [] };
  for (const event of events) {
    const round = event.type === "gates.started" ? EVENT_DATA["gates.started"].safeParse(event.data) : null;
    if (round?.success === true) forget(verdicts, round.data.phase);
    const verdict = event.type === "gates.verdict" ? EVENT_DATA["gates.verdict"].safeParse(event.data) : null;
    if (verdict?.success === true) verdicts.set(`${verdict.data.phase}:${verdict.data.gate}`, verdict.data);
    if (event.type === "agent.killed" || event.type === "agent.kill_requested") {
      const killed = EVENT_DATA[event.type].safeParse(event.data);
      if (killed.success) story.kill = killed.data;
    }
    const pushed = event.type === "push.verified" ? EVENT_DATA["push.verified"].safeParse(event.data) : null;
    if (pushed?.success === true) story.pushed = pushed.data;
    const overlap = event.type === "agent.overlap" ? EVENT_DATA["agent.overlap"].safeParse(event.data) : null;
    if (overlap?.success === true) overlaps.set(overlap.data.other, overlap.data);
  }
  return cleanDeep({ ...story, verdicts: [...verdicts.values()], overlaps: [...overlaps.values()] });
}

/** Gates before the commit judge new work, so nothing said of the work before it holds. */
function forget(verdicts: Map<string, EventData<"gates.verdict">>, phase: string): void {
  for (const [key, verdict] of verdicts) {
    if (phase === "pre-commit" || verdict.phase === phase) verdicts.delete(key);
  }
}

/** Everything about one agent, for people. */
export function agentPage(raw: AgentView, story: AgentStory, style: PageStyle): string[] {
  const agent = cleanDeep(raw);
  const rejection = QualityDetails.safeParse(agent.details);
  return [
    `${style.paint("strong", agent.agentId)}  ${style.paint(statusTone(agent.status), agent.status)}`,
    ...warnings(agent).map((line) => style.paint("warn", `! ${line}`)),
    ...section("", pairLines(facts(agent, style.nowMs), style)),
    ...section("Work", agent.workItems.flatMap(workItem)),
    ...section("Result", pairLines(result(agent, story), style)),
    ...section("Details", rejection.success || receiptOf(agent) !== null ? [] : detailLines(agent.details)),
    ...section("Rejected by", rejection.success ? rejectionLines(rejection.data, style.paint) : []),
    ...section(
      "Gates",
      story.verdicts.map((verdict) => verdictLine(verdict, style.paint)),
    ),
    ...section("Overlaps", (story.overlaps ?? []).flatMap(overlapLines)),
    ...section("Kill", kill(agent, story, style.paint)),
    ...section("Used", [usageLine(agent.usage)]),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  return title === "" ? ["", ...lines] : ["", title, ...lines.map((line) => `  ${line}`)];
}

function workItem(text: string): string[] {
  const [first = "", ...rest] = text.split("\n");
  return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
}

function warnings(agent: AgentView): string[] {
  const lines: string[] = [];
  if (agent.sandbox === "none")
    lines.push("it ran without a sandbox (SANDBOX_ENABLED=false): nothing isolated it");
  if (agent.yolo) lines.push("its quality gates were skipped (YOLO_MODE): nobody checked this work");
  return lines;
}

function facts(agent: AgentView, nowMs: number): [string, string | undefined][] {
  const begun = agent.startedAt === undefined ? undefined : Date.parse(agent.startedAt);
  const ended = agent.completedAt === undefined ? nowMs : Date.parse(agent.completedAt);
  return [
    ["task", agent.taskId],
    ["type", `${agent.agentType}, gates ${agent.gateProfile}, priority ${agent.priority}`],
    ["attempt", String(agent.attempt)],
    ["retry of", agent.retryOf],
    ["retried by", agent.retriedBy],
    ["step", agent.status === "failed" ? undefined : whereabouts(agent)],
    ["repository", agent.repository],
    [
      "base",
      agent.baseCommit === undefined ? agent.baseBranch : `${agent.baseBranch} at ${short(agent.baseCommit)}`,
    ],
    ["model", agent.model],
    ["runtime", agent.runtime],
    ["sandbox", agent.sandbox],
    ["spawned", dateTime(agent.spawnedAt)],
    ["started", agent.startedAt && dateTime(agent.startedAt)],
    ["ended", agent.completedAt && dateTime(agent.completedAt)],
    ["took", begun === undefined ? undefined : duration(Math.max(0, ended - begun))],
  ];
}

function result(agent: AgentView, story: AgentStory): [string, string | undefined][] {
  return [
    ["reason", agent.reason],
    ["error", agent.error],
    ["branch", agent.branch],
    ["snapshot", agent.snapshotCommit],
    ["pushed", agent.pushedCommit],
    ["remote", story.pushed?.remote],
  ];
}

function detailLines(details: AgentView["details"]): string[] {
  if (details === undefined || details === null) return [];
  return clean(typeof details === "string" ? details : JSON.stringify(details, null, 2)).split("\n");
}

function overlapLines({ other, files, conflicts }: EventData<"agent.overlap">): string[] {
  const head = `${conflicts ? "CONFLICTS" : "merges so far"} with agent ${other}:`;
  return [head, ...files.slice(0, OVERLAP_FILES).map((file) => `  ${file}`)].concat(
    files.length > OVERLAP_FILES ? [`  … ${files.length - OVERLAP_FILES} more`] : [],
  );
}

function verdictLine(verdict: EventData<"gates.verdict">, paint: Paint): string {
  const { mark, word, tone } = verdictMark(verdict.outcome);
  const about = `${verdict.phase}, ${short(verdict.commit)}, ${duration(verdict.durationMs)}`;
  const why = verdict.outcome === "passed" ? "" : `: ${verdict.message}`;
  return `${paint(tone, `${mark} ${verdict.gate} ${word}`)} (${about})${why}`;
}

function kill(agent: AgentView, story: AgentStory, paint: Paint): string[] {
  const lines = agent.killRequestedAt === undefined ? [] : [`requested ${dateTime(agent.killRequestedAt)}`];
  if (story.kill !== undefined) lines.push(`by ${story.kill.by}: ${story.kill.why}`);
  const receipt = receiptOf(agent);
  if (receipt !== null) return [...lines, ...receiptDetails(receipt, paint)];
  if (story.kill === undefined || !("residual" in story.kill)) return lines;
  const { residual } = story.kill;
  return [
    ...lines,
    ...(residual.length === 0 ? ["nothing is left"] : residual.map((item) => `left: ${item}`)),
  ];
}

/** The receipt kept with an agent that was killed, or that a kill could not clear away. */
function receiptOf({ details }: AgentView): KillReceipt | null {
  const kept = KeptReceipt.safeParse(details);
  return kept.success ? kept.data.receipt : null;
}
