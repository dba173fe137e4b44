import type { Json } from "@mosaic/contracts";
import { DEFAULT_RUNTIME } from "@mosaic/domain";
import { patchedFields } from "../patch-rules.ts";
import { AGENT, checks, isObject, type Layout, readFields, TASK } from "../record-layout.ts";
import type { AgentPatch, AgentRecord, TaskRecord } from "../records.ts";
import { CorruptRecordError } from "../store-error.ts";
import { KEYS } from "./keys.ts";

const AGENT_FIELDS = Object.keys(AGENT) as (keyof AgentRecord)[];

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
  return readObject<AgentRecord>(KEYS.agent + agentId, stored, {
    ...AGENT,
    agentId: checks.oneOf([agentId]),
  });
}

/** @throws CorruptRecordError naming the key */
export function readTask(taskId: string, stored: string): TaskRecord {
  const task = readObject<TaskRecord>(KEYS.task + taskId, stored, {
    ...TASK,
    taskId: checks.oneOf([taskId]),
  });
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
  if (!isObject(value)) throw new CorruptRecordError(key, "value", "does not hold a JSON object");
  return readFields(key, value, layout);
}

/** @throws CorruptRecordError naming `key` */
export function parse(key: string, stored: string): unknown {
  try {
    return JSON.parse(stored);
  } catch (error) {
    throw new CorruptRecordError(key, "value", `does not hold valid JSON (${(error as Error).message})`);
  }
}

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
