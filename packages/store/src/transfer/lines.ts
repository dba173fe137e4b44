import type { NewEvent, StoredEvent } from "@mosaic/contracts";
import { readLine as readControlLine } from "../control/transfer/lines.ts";
import { MOVED_TABLES, type MovedTable } from "../control/tables.ts";
import type { EntryRecord } from "../queue-snapshot.ts";
import { ENTRY, type Layout } from "../record-layout.ts";
import type { AgentRecord, TaskRecord } from "../records.ts";
import { readEvent } from "../valkey/event-text.ts";
import {
  agentText,
  exportedTaskText,
  jsonText,
  readAgent,
  readObject,
  readTask,
} from "../valkey/record-text.ts";
import { MoveError } from "./place.ts";

/** What a line of an export holds. */
export const KINDS = ["task", "agent", "event", "entry", ...MOVED_TABLES] as const;
export type Kind = "task" | "agent" | "event" | "entry" | MovedTable;

export type Line =
  | { readonly kind: "task"; readonly task: TaskRecord }
  | { readonly kind: "agent"; readonly agent: AgentRecord }
  | { readonly kind: "event"; readonly event: StoredEvent }
  | { readonly kind: "entry"; readonly entry: EntryRecord }
  | { readonly kind: MovedTable; readonly row: Readonly<Record<string, unknown>> };

/** One line, the same text whatever engine its content comes from. */
export function lineText(line: Line): string {
  if (line.kind === "task") return `{"task":${exportedTaskText(line.task)}}`;
  if (line.kind === "agent") return `{"agent":${agentText(line.agent)}}`;
  if (line.kind === "event") return `{"event":${storedText(line.event)}}`;
  if (line.kind === "entry") return `{"entry":${inOrder(line.entry, ENTRY)}}`;
  return jsonText({ table: line.kind, row: line.row });
}

/** @throws MoveError naming the line */
export function parseLine(text: string, number: number): Line {
  try {
    const [[kind, value] = ["", null]] = Object.entries(JSON.parse(text) as Record<string, unknown>);
    const content = JSON.stringify(value);
    const key = (field: string): string => String((value as Record<string, unknown> | null)?.[field]);
    if (kind === "task") return { kind, task: readTask(key("taskId"), content) };
    if (kind === "agent") return { kind, agent: readAgent(key("agentId"), content) };
    if (kind === "event") return { kind, event: readEvent(Number(key("id")), content) };
    if (kind === "entry") return { kind, entry: readObject(`entry ${key("taskId")}`, content, ENTRY) };
    const control = readControlLine(text, number);
    if (control.kind === "row") return { kind: control.table, row: control.row };
  } catch (error) {
    throw new MoveError(
      `line ${number} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  throw new MoveError(`line ${number} holds nothing that this Mosaic knows`);
}

function storedText({ id, type, subject, time, taskId, data }: StoredEvent): string {
  const event: NewEvent = {
    type,
    subject,
    time,
    ...(taskId === undefined ? {} : { taskId }),
    data,
  } as NewEvent;
  return jsonText({ id, ...event });
}

function inOrder<T extends object>(record: T, layout: Layout<T>): string {
  return jsonText(Object.fromEntries(Object.keys(layout).map((field) => [field, record[field as keyof T]])));
}
