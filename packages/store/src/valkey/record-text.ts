import type { Json } from "@mosaic/contracts";
import { AGENT_STATES, DEFAULT_RUNTIME, TASK_STATES } from "@mosaic/domain";
import { patchedFields } from "../patch-rules.ts";
import type { AgentPatch, AgentRecord, TaskRecord } from "../records.ts";
import { CorruptRecordError } from "../store-error.ts";
import { KEYS } from "./keys.ts";

/** What is wrong with a field's value, or null. */
type Check = (value: unknown) => string | null;
/** The fields of an object, in the order they are written. */
export type Layout<T> = { readonly [F in keyof T]-?: Check };

const text: Check = (value) => (typeof value === "string" ? null : "is not text");
const textOrNull: Check = (value) => (value === null ? null : text(value));
const whole: Check = (value) => (Number.isSafeInteger(value) ? null : "is not a whole number");
const flag: Check = (value) => (typeof value === "boolean" ? null : "is neither true nor false");
const list: Check = (value) => (Array.isArray(value) ? null : "is not a list");
const object: Check = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? null : "is not an object";
/** A field that may be left out; it is read as null then. */
const textOrNone: Check = (value) => (value === undefined ? null : text(value));
const present: Check = (value) => (value === undefined ? "is missing" : null);
const oneOf =
  (allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value) ? null : `holds '${String(value)}'`;

/** The functions in the server rely on `agentId` being first and `details` last. */
const AGENT: Layout<AgentRecord> = {
  agentId: text,
  taskId: text,
  state: oneOf(AGENT_STATES),
  attempt: whole,
  spawnedAt: text,
  updatedAt: text,
  model: text,
  yolo: flag,
  retryOf: textOrNull,
  retriedBy: textOrNull,
  startedAt: textOrNull,
  completedAt: textOrNull,
  error: textOrNull,
  reason: textOrNull,
  step: textOrNull,
  sandbox: textOrNull,
  branch: textOrNull,
  baseCommit: textOrNull,
  snapshotCommit: textOrNull,
  pushedCommit: textOrNull,
  killRequestedAt: textOrNull,
  owner: textOrNull,
  details: present,
};

const AGENT_FIELDS = Object.keys(AGENT) as (keyof AgentRecord)[];

/** First what changes, for the functions in the server. */
const TASK: Layout<TaskRecord> = {
  taskId: text,
  state: oneOf(TASK_STATES),
  agentId: text,
  attempt: whole,
  updatedAt: text,
  fingerprint: text,
  agentType: text,
  gateProfile: text,
  gates: list,
  repository: text,
  branch: text,
  workItems: list,
  skills: list,
  options: object,
  runtime: textOrNone,
  priority: whole,
  maxRetries: whole,
  createdAt: text,
};

/** A record as it is written. */
export function agentText(agent: AgentRecord): string {
  return write(agent, AGENT);
}

/**
 * What changes of an agent, as functions in the server take it: `"field":` and JSON in turn, in the order of the record.
 * @throws InvalidChangeError for what is no patch's
 */
export function agentChanges(
  patch: AgentPatch,
  moved: Pick<AgentRecord, "updatedAt"> & Partial<AgentRecord>,
): readonly string[] {
  const changes: Partial<AgentRecord> = { ...patchedFields(patch), ...moved };
  return AGENT_FIELDS.flatMap((field) => (field in changes ? [`"${field}":`, jsonText(changes[field])] : []));
}

/** A record as it is written. */
export function taskText(task: TaskRecord): string {
  return write(task, TASK);
}

/** A task as it is exported: as before there was a choice of runtimes, where the choice is the one there was. */
export function exportedTaskText({ runtime, ...task }: TaskRecord): string {
  return write<TaskRecord>(runtime === DEFAULT_RUNTIME ? task : { ...task, runtime }, TASK);
}

/** @throws CorruptRecordError naming the key */
export function readAgent(agentId: string, stored: string): AgentRecord {
  return readObject<AgentRecord>(KEYS.agent + agentId, stored, { ...AGENT, agentId: oneOf([agentId]) });
}

/** @throws CorruptRecordError naming the key */
export function readTask(taskId: string, stored: string): TaskRecord {
  const task = readObject<TaskRecord>(KEYS.task + taskId, stored, { ...TASK, taskId: oneOf([taskId]) });
  return { ...task, runtime: task.runtime ?? DEFAULT_RUNTIME };
}

/** JSON that every reader accepts: half of a character's pair of code units is none, and is replaced. */
export function jsonText(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes("\\ud") ? JSON.stringify(wellFormed(JSON.parse(json) as Json)) : json;
}

/** The known fields of a stored object, each of which has passed its check. @throws CorruptRecordError naming `key` */
export function readObject<T extends object>(key: string, stored: string, layout: Layout<T>): T {
  const value = parse(key, stored);
  if (object(value) !== null) throw new CorruptRecordError(key, "value", "does not hold a JSON object");
  const record = value as Record<string, unknown>;
  const read: Record<string, unknown> = {};
  for (const [field, check] of Object.entries<Check>(layout)) {
    const why = check(record[field]);
    if (why !== null)
      throw new CorruptRecordError(key, field, record[field] === undefined ? "is missing" : why);
    read[field] = record[field] ?? null;
  }
  return read as T;
}

/** @throws CorruptRecordError naming `key` */
export function parse(key: string, stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch (error) {
    throw new CorruptRecordError(key, "value", `does not hold valid JSON (${(error as Error).message})`);
  }
}

export const checks = { text, textOrNull, textOrNone, whole, oneOf, object } as const;

function write<R extends object>(record: Partial<R>, layout: Readonly<Record<keyof R, unknown>>): string {
  const fields = Object.keys(layout) as (keyof R)[];
  return jsonText(Object.fromEntries(fields.map((field) => [field, record[field]])));
}

function wellFormed(value: Json): Json {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key.toWellFormed(), wellFormed(item)]),
  );
}
