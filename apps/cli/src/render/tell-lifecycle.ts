import type { EventType } from "@mosaic/contracts";
import type { Tellers } from "./event-entry.ts";
import { clockTime, short } from "./units.ts";

type Lifecycle = Extract<EventType, `agent.${string}` | `task.${string}` | `queue.${string}`>;

/** Steps, residues and their like: what went wrong comes first. */
function problems(steps: readonly { name: string; ok: boolean; detail?: string | undefined }[]): string[] {
  return steps.filter((step) => !step.ok).map((step) => `${step.name}: ${step.detail ?? "did not succeed"}`);
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";
/** The lines after the first: the first is shown beside the label. */
const restLines = (text: string): string[] => text.split("\n").slice(1, 13);

const CANARY_PLACE = {
  transcript: "what it said or did",
  gateway: "a request to the model",
  diff: "its change",
  commit: "a commit",
} as const;

export const lifecycleTellers: Tellers<Lifecycle> = {
  "agent.spawning": (data) => ({
    label: "agent",
    tone: "info",
    text:
      data.retryOf === undefined
        ? `admitted, attempt ${data.attempt}`
        : `admitted, attempt ${data.attempt}: retry of ${short(data.retryOf)}`,
  }),
  "agent.running": (data) => ({
    label: "agent",
    tone: data.sandbox === "none" ? "warn" : "info",
    text:
      data.sandbox === "none"
        ? `running WITHOUT A SANDBOX, model ${data.model}`
        : `running in ${data.sandbox}, model ${data.model}`,
  }),
  "agent.completed": (data) => ({
    label: "completed",
    tone: "good",
    text: `${data.branch} is at ${short(data.commit)}`,
  }),
  "agent.failed": (data) => ({
    label: "failed",
    tone: "bad",
    text: `${data.reason}: ${firstLine(data.error)}`,
    details: restLines(data.error),
  }),
  "agent.killed": (data) => ({
    label: "killed",
    tone: "bad",
    text: `by ${data.by}: ${data.why}; ${data.residual.length === 0 ? "nothing is left" : "something is left:"}`,
    details: data.residual,
  }),
  "agent.kill_requested": (data) => ({
    label: "kill",
    tone: "warn",
    text: `requested by ${data.by}: ${data.why}`,
  }),
  "agent.cancel_requested": (data) => ({
    label: "cancel",
    tone: "warn",
    text: `requested by ${data.by}: ${data.why}`,
  }),
  "agent.stalled": (data) => ({ label: "stalled", tone: "warn", text: `${data.limit}: ${data.detail}` }),
  "agent.limit_reached": (data) => ({
    label: "limit",
    tone: "bad",
    text: `${data.limit}: ${data.detail}; it has ${data.graceSeconds} s to stop`,
  }),
  "agent.overlap": (data) => ({
    label: "overlap",
    tone: "warn",
    text: `${data.conflicts ? "CONFLICTS" : "merges so far"} with agent ${short(data.other)} in ${data.files.length === 1 ? "1 file" : `${data.files.length} files`}: ${data.files.slice(0, 5).join(", ")}${data.files.length > 5 ? ", …" : ""}`,
  }),
  "agent.canary": (data) => ({
    label: "canary",
    tone: "bad",
    text: `its canary turned up in ${CANARY_PLACE[data.where]}: the agent read a credential nobody sent it to; it is killed`,
  }),
  "agent.cleanup": (data) => {
    const failed = problems(data.steps);
    return failed.length === 0
      ? {
          label: "clean-up",
          tone: "dim",
          text: data.steps.map((step) => step.name).join(", ") || "nothing to do",
        }
      : { label: "clean-up", tone: "bad", text: "not everything could be removed:", details: failed };
  },
  "task.pending": (data) => ({
    label: "task",
    tone: "dim",
    text: data.retryAt === undefined ? "queued" : `queued for a retry at ${clockTime(data.retryAt)}`,
  }),
  "task.assigned": () => ({ label: "task", tone: "dim", text: "claimed" }),
  "task.executing": () => ({ label: "task", tone: "dim", text: "executing" }),
  "task.completed": (data) => ({ label: "task", tone: "dim", text: `completed: ${data.branch}` }),
  "task.failed": (data) => ({
    label: "task",
    tone: "bad",
    text: `failed (${data.reason}); there will be no further attempt`,
  }),
  "queue.paused": (data) => ({ label: "queue", tone: "warn", text: `paused by ${data.by}` }),
  "queue.resumed": (data) => ({ label: "queue", tone: "info", text: `resumed by ${data.by}` }),
};
