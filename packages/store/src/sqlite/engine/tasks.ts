import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { TaskState } from "@mosaic/domain";
import { readJson } from "../../read-field.ts";
import { readFields, TASK } from "../../record-layout.ts";
import type { TaskRecord } from "../../records.ts";
import { NotFoundError, type TaskSlice } from "../../state-store.ts";
import { columnName, placeholders, selectList, type Row } from "./rows.ts";

const FIELDS = Object.keys({
  taskId: 1,
  state: 1,
  fingerprint: 1,
  agentType: 1,
  gateProfile: 1,
  gates: 1,
  repository: 1,
  branch: 1,
  workItems: 1,
  skills: 1,
  options: 1,
  runtime: 1,
  priority: 1,
  maxRetries: 1,
  agentId: 1,
  attempt: 1,
  createdAt: 1,
  updatedAt: 1,
} satisfies Record<keyof TaskRecord, 1>) as (keyof TaskRecord)[];

const LISTS = ["gates", "workItems", "skills"] as const;

/** A limit that is none. */
const ALL = -1;

export type TaskTable = ReturnType<typeof createTaskTable>;

/** The table of tasks. To be used inside a transaction. */
export function createTaskTable(db: DatabaseSync) {
  const columns = selectList(FIELDS);
  const byId = db.prepare(`SELECT ${columns} FROM tasks WHERE task_id = ?`);
  const byState = db.prepare(
    `SELECT ${columns} FROM tasks WHERE state = ? AND (created_at, task_id) > (?, ?)
     ORDER BY created_at, task_id LIMIT ?`,
  );
  const pending = db.prepare("SELECT number FROM pending_tasks");
  const insert = db.prepare(
    `INSERT INTO tasks (${FIELDS.map(columnName).join(", ")}) VALUES (${placeholders(FIELDS.length)})`,
  );
  const update = db.prepare(
    "UPDATE tasks SET state = ?, agent_id = ?, attempt = ?, updated_at = ? WHERE task_id = ?",
  );

  function get(taskId: string): TaskRecord | null {
    const row = byId.get(taskId);
    return row === undefined ? null : toTask(row);
  }

  return {
    get,
    /** @throws NotFoundError */
    require: (taskId: string): TaskRecord => {
      const task = get(taskId);
      if (task === null) throw new NotFoundError("task", taskId);
      return task;
    },
    insert: (task: TaskRecord): void => {
      insert.run(...FIELDS.map((field) => toColumn(task[field])));
    },
    update: (task: TaskRecord): void => {
      update.run(task.state, task.agentId, task.attempt, task.updatedAt, task.taskId);
    },
    /** How many tasks are `pending`, without counting them. */
    pending: (): number => {
      return Number(pending.get()?.["number"]);
    },
    list: (states: readonly TaskState[], slice?: TaskSlice): readonly TaskRecord[] => {
      const { createdAt, taskId } = slice?.after ?? { createdAt: "", taskId: "" };
      const tasks = [...new Set(states)].flatMap((state) =>
        byState.all(state, createdAt, taskId, slice?.limit ?? ALL).map(toTask),
      );
      const sorted = tasks.sort((a, b) => compare(a.createdAt, b.createdAt) || compare(a.taskId, b.taskId));
      return sorted.slice(0, slice?.limit);
    },
  };
}

/** @throws CorruptRecordError */
export function toTask(row: Row): TaskRecord {
  const record = `task ${String(row["taskId"])}`;
  const lists = Object.fromEntries(LISTS.map((field) => [field, readJson(row, field, record, "array")]));
  const options = readJson(row, "options", record, "object");
  return readFields(record, { ...row, ...lists, options }, TASK);
}

function toColumn(value: unknown): SQLInputValue {
  return typeof value === "object" ? JSON.stringify(value) : (value as SQLInputValue);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
