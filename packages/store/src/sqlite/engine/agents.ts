import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { readJson } from "../../read-field.ts";
import { AGENT, readFields } from "../../record-layout.ts";
import type { AgentRecord, TaskRecord } from "../../records.ts";
import { NotFoundError } from "../../state-store.ts";
import { columnName, placeholders, selectList, type Row } from "./rows.ts";

/** Every field of a record, in the order of its column; the type makes it complete. */
const FIELDS = Object.keys({
  agentId: 1,
  taskId: 1,
  state: 1,
  attempt: 1,
  spawnedAt: 1,
  updatedAt: 1,
  model: 1,
  yolo: 1,
  retryOf: 1,
  retriedBy: 1,
  startedAt: 1,
  completedAt: 1,
  error: 1,
  reason: 1,
  details: 1,
  step: 1,
  sandbox: 1,
  branch: 1,
  baseCommit: 1,
  snapshotCommit: 1,
  pushedCommit: 1,
  killRequestedAt: 1,
  owner: 1,
} satisfies Record<keyof AgentRecord, 1>) as (keyof AgentRecord)[];

export const AGENT_COLUMNS = selectList(FIELDS);

export type AgentTable = ReturnType<typeof createAgentTable>;

/** The table of agents. To be used inside a transaction. */
export function createAgentTable(db: DatabaseSync) {
  const byId = db.prepare(`SELECT ${AGENT_COLUMNS} FROM agents WHERE agent_id = ?`);
  const byPrefix = db.prepare(
    "SELECT agent_id FROM agents WHERE agent_id >= ? AND agent_id < ? ORDER BY agent_id LIMIT ?",
  );
  const columns = [...FIELDS.map(columnName), "agent_type", "repository"];
  const insert = db.prepare(
    `INSERT INTO agents (${columns.join(", ")}) VALUES (${placeholders(columns.length)})`,
  );
  const updates = new Map<string, StatementSync>();

  function get(agentId: string): AgentRecord | null {
    const row = byId.get(agentId);
    return row === undefined ? null : toAgent(row);
  }

  function update(record: AgentRecord, changes: Partial<AgentRecord>): AgentRecord {
    const fields = Object.keys(changes) as (keyof AgentRecord)[];
    const key = fields.join();
    const statement = updates.get(key) ?? db.prepare(updateSql(fields));
    updates.set(key, statement);
    statement.run(...fields.map((field) => toColumn(field, changes[field])), record.agentId);
    return { ...record, ...changes };
  }

  return {
    get,
    getAll: (agentIds: readonly string[]): readonly AgentRecord[] =>
      agentIds.map(get).filter((agent) => agent !== null),
    update,
    /** @throws NotFoundError */
    require: (agentId: string): AgentRecord => {
      const agent = get(agentId);
      if (agent === null) throw new NotFoundError("agent", agentId);
      return agent;
    },
    insert: (agent: AgentRecord, task: Pick<TaskRecord, "agentType" | "repository">): void => {
      const values = FIELDS.map((field) => toColumn(field, agent[field]));
      insert.run(...values, task.agentType, task.repository);
    },
    find: (prefix: string, limit: number): readonly string[] => {
      const rows = byPrefix.all(prefix, `${prefix}\u{10FFFF}`, limit);
      return rows.map((row) => String(row["agent_id"]));
    },
  };
}

/** @throws CorruptRecordError */
export function toAgent(row: Row): AgentRecord {
  const record = `agent ${String(row["agentId"])}`;
  const details = row["details"] === null ? null : readJson(row, "details", record, "any");
  return readFields(record, { ...row, details, yolo: row["yolo"] === 1 }, AGENT);
}

function toColumn(field: keyof AgentRecord, value: unknown): SQLInputValue {
  if (field === "details") return value === null ? null : JSON.stringify(value);
  return typeof value === "boolean" ? Number(value) : (value as SQLInputValue);
}

function updateSql(fields: readonly string[]): string {
  return `UPDATE agents SET ${fields.map((field) => `${columnName(field)} = ?`).join(", ")} WHERE agent_id = ?`;
}
