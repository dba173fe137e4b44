import { AGENT_STATES, TASK_STATES } from "@mosaic/domain";
import type { EntryRecord } from "./queue-snapshot.ts";
import type { AgentRecord, TaskRecord } from "./records.ts";
import { CorruptRecordError } from "./store-error.ts";

/** What is wrong with a field's value, or null. */
export type Check = (value: unknown) => string | null;
/** The fields of an object, in the order they are written. */
export type Layout<T> = { readonly [F in keyof T]-?: Check };

const text: Check = (value) => (typeof value === "string" ? null : "is not text");
const textOrNull: Check = (value) => (value === null ? null : text(value));
const whole: Check = (value) => (Number.isSafeInteger(value) ? null : "is not a whole number");
const wholeOrNull: Check = (value) => (value === null ? null : whole(value));
const flag: Check = (value) => (typeof value === "boolean" ? null : "is neither true nor false");
const texts: Check = (value) =>
  Array.isArray(value) && value.every((item) => text(item) === null) ? null : "is not a list of texts";
const object: Check = (value) => (isObject(value) ? null : "is not an object");
/** A field that may be left out; it is read as null then. */
const textOrNone: Check = (value) => (value === undefined ? null : text(value));
const present: Check = (value) => (value === undefined ? "is missing" : null);
const oneOf =
  (allowed: readonly unknown[]): Check =>
  (value) =>
    allowed.includes(value) ? null : `holds '${String(value)}'`;

/** The functions in the server rely on `agentId` being first and `details` last. */
export const AGENT: Layout<AgentRecord> = {
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

/** First what changes, for the functions in the server. */
export const TASK: Layout<TaskRecord> = {
  taskId: text,
  state: oneOf(TASK_STATES),
  agentId: text,
  attempt: whole,
  updatedAt: text,
  fingerprint: text,
  agentType: text,
  gateProfile: text,
  gates: texts,
  repository: text,
  branch: text,
  workItems: texts,
  skills: texts,
  options: object,
  runtime: textOrNone,
  priority: whole,
  maxRetries: whole,
  createdAt: text,
};

export const ENTRY: Layout<EntryRecord> = {
  taskId: text,
  seq: whole,
  priority: oneOf([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
  state: oneOf(["ready", "delayed", "active"]),
  wakesAt: wholeOrNull,
  workerId: textOrNull,
  token: textOrNull,
  claims: whole,
};

export const checks = { text, textOrNull, textOrNone, whole, oneOf, object } as const;

/** The known fields of a record, each of which has passed its check. @throws CorruptRecordError naming `record` */
export function readFields<T extends object>(
  record: string,
  value: Readonly<Record<string, unknown>>,
  layout: Layout<T>,
): T {
  const read: Record<string, unknown> = {};
  for (const [field, check] of Object.entries<Check>(layout)) {
    const why = check(value[field]);
    if (why !== null)
      throw new CorruptRecordError(record, field, value[field] === undefined ? "is missing" : why);
    read[field] = value[field] ?? null;
  }
  return read as T;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
