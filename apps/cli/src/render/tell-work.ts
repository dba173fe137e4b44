import type { EventData, EventType } from "@mosaic/contracts";
import type { Tone } from "../terminal/paint.ts";
import type { Tellers } from "./event-entry.ts";
import type { Environment } from "./tell-environment.ts";
import { count, duration, short } from "./units.ts";

type Work = Exclude<
  EventType,
  `agent.${string}` | `task.${string}` | `queue.${string}` | `transcript.${string}` | Environment
>;
type Outcome = EventData<"gates.verdict">["outcome"];

/** Lines of a rejection's message that are shown; the rest is in `mosaic show`. */
const REJECTION_LINES = 15;

const OUTCOMES: Readonly<Record<Outcome, { tone: Tone; word: string }>> = {
  passed: { tone: "good", word: "passed" },
  skipped: { tone: "dim", word: "skipped" },
  failed: { tone: "bad", word: "failed" },
  missing: { tone: "bad", word: "missing" },
  error: { tone: "bad", word: "error" },
  timeout: { tone: "bad", word: "timed out" },
};

/** How a verdict is drawn wherever one is: mark, word and tone. */
export function verdictMark(outcome: Outcome): { mark: string; word: string; tone: Tone } {
  const { tone, word } = OUTCOMES[outcome];
  const mark = outcome === "passed" ? "✓" : outcome === "skipped" ? "-" : "✗";
  return { mark, word, tone };
}

function firstLines(text: string, limit: number): string[] {
  const lines = text.trim().split("\n");
  return lines.length <= limit
    ? lines
    : [...lines.slice(0, limit), `… ${count(lines.length - limit, "more line")}`];
}

const placeOf = ({ path, line }: { path: string; line: number | null }): string =>
  line === null ? path : `${path}:${line}`;

export const workTellers: Tellers<Work> = {
  "workspace.ready": (data) => ({
    label: "workspace",
    tone: "info",
    text: `ready on ${data.branch} from ${short(data.baseCommit)}, ${count(data.files, "file")} (${duration(data.durationMs)})`,
  }),
  "workspace.dependencies": (data) => ({
    label: "workspace",
    tone: data.prepared ? "info" : "warn",
    text: `dependencies ${data.prepared ? "ready" : "not prepared"}: ${data.message} (${duration(data.durationMs)})`,
  }),
  "snapshot.taken": (data) => ({
    label: "snapshot",
    tone: "info",
    text: `${short(data.commit)}: ${count(data.files, "file")}, +${data.additions} -${data.deletions} (${duration(data.durationMs)})`,
  }),
  "secrets.scanned": (data) => ({
    label: "secrets",
    tone: data.findings === 0 ? "good" : "bad",
    text: `${data.findings === 0 ? "none found" : count(data.findings, "finding")} in ${count(data.blobs, "changed file")} (${duration(data.durationMs)})`,
  }),
  "secrets.blocked": (data) => ({
    label: "secrets",
    tone: "bad",
    text: `blocked ${short(data.commit)}: ${count(data.findings.length, "finding")}`,
    details: data.findings.map((finding) => `${placeOf(finding)}  ${finding.rule}  (${finding.fingerprint})`),
  }),
  "secrets.allowed": (data) => ({
    label: "secrets",
    tone: "warn",
    text: `${count(data.findings.length, "finding")} in ${short(data.commit)} let pass by a person`,
    details: data.findings.map((finding) => `${placeOf(finding)}  ${finding.rule}  (${finding.fingerprint})`),
  }),
  "secrets.outgoing": (data) => ({
    label: "secrets",
    tone: data.findings === 0 ? "good" : "bad",
    text: `${data.findings === 0 ? "none found" : count(data.findings, "finding")} in ${count(data.commits, "outgoing commit")} (${duration(data.durationMs)})`,
  }),
  "gates.started": (data) => ({
    label: "gates",
    tone: "info",
    text: `${data.phase} on ${short(data.commit)}: ${data.gates.join(", ") || "none"}`,
  }),
  "gates.verdict": (data) => {
    const { mark, word, tone } = verdictMark(data.outcome);
    const quiet = data.outcome === "passed" || data.message === "";
    return {
      label: "gate",
      tone,
      text: `${mark} ${data.gate} ${word} (${duration(data.durationMs)})${quiet ? "" : `: ${data.message}`}`,
    };
  },
  "gates.approved": (data) => ({
    label: "gates",
    tone: "good",
    text: `${data.phase} approved ${short(data.commit)} (${duration(data.durationMs)})`,
  }),
  "gates.rejected": (data) => ({
    label: "rejected",
    tone: "bad",
    text: `${data.phase}: ${data.gate}; attempt ${data.attempt}, ${data.attemptsLeft === 0 ? "none left" : `${data.attemptsLeft} left`}`,
    details: firstLines(data.message, REJECTION_LINES),
  }),
  "gates.skipped": (data) => ({
    label: "gates",
    tone: "warn",
    text: `${data.phase} SKIPPED on ${short(data.commit)}: ${data.why}`,
  }),
  "integration.moved": (data) => ({
    label: "base",
    tone: "warn",
    text: `${data.branch} moved from ${short(data.from)} to ${short(data.to)}`,
  }),
  "integration.clean": (data) => ({
    label: "integrated",
    tone: "info",
    text: `${short(data.commit)} on ${short(data.head)} by ${data.mode}; it is checked again (${duration(data.durationMs)})`,
  }),
  "integration.conflict": (data) => ({
    label: "conflict",
    tone: "bad",
    text: `${short(data.commit)} conflicts with ${short(data.head)} in ${count(data.files.length, "file")}; attempt ${data.attempt}, ${data.attemptsLeft === 0 ? "none left" : `${data.attemptsLeft} left`}`,
    details: data.files.slice(0, REJECTION_LINES).map((file) => `${file.path} (${file.kind})`),
  }),
  "integration.unresolved": (data) => ({
    label: "conflict",
    tone: "bad",
    text: `${short(data.commit)} still has conflict markers: ${data.files.slice(0, 5).join(", ")}`,
  }),
  "workspace.moved": (data) => ({
    label: "workspace",
    tone: "info",
    text: `now on ${short(data.baseCommit)}, with the files of ${short(data.commit)} (${duration(data.durationMs)})`,
  }),
  "commit.made": (data) => ({
    label: "commit",
    tone: "good",
    text: `${short(data.commit)} on ${data.branch}`,
  }),
  "push.started": (data) => ({
    label: "push",
    tone: "dim",
    text: `${short(data.commit)} goes to ${data.branch}`,
  }),
  "push.verified": (data) => ({
    label: "push",
    tone: "good",
    text: `${data.branch} is at ${short(data.commit)} on ${data.remote} (${duration(data.durationMs)})`,
  }),
};
