import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { decodeCursor, encodeCursor, type Position } from "../../cursor.ts";
import type { AgentRecord } from "../../records.ts";
import type { AgentFilter, AgentPage } from "../../state-store.ts";
import { AGENT_COLUMNS, toAgent } from "./agents.ts";
import type { TaskTable } from "./tasks.ts";

const FILTERS = ["taskId", "agentType", "repository"] as const;
const COLUMN = { taskId: "task_id", agentType: "agent_type", repository: "repository" } as const;

/** Pages of agents, newest first. Each state is read from its own index in the order of the page, then merged. */
export function createAgentList(db: DatabaseSync, tasks: TaskTable) {
  const statements = new Map<string, StatementSync>();

  function read(filter: AgentFilter, state: string | null, from: Position | null): AgentRecord[] {
    const where: string[] = [];
    const values: SQLInputValue[] = [];
    if (state !== null) {
      where.push("state = ?");
      values.push(state);
    }
    for (const name of FILTERS) {
      const value = filter[name];
      if (value === undefined) continue;
      where.push(`${COLUMN[name]} = ?`);
      values.push(value);
    }
    if (from !== null) {
      where.push("(spawned_at, agent_id) < (?, ?)");
      values.push(from.key, from.id);
    }
    const sql = `SELECT ${AGENT_COLUMNS} FROM agents ${where.length === 0 ? "" : `WHERE ${where.join(" AND ")}`}
      ORDER BY spawned_at DESC, agent_id DESC LIMIT ?`;
    const statement = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, statement);
    return statement.all(...values, filter.limit + 1).map(toAgent);
  }

  return (filter: AgentFilter): AgentPage => {
    const from = filter.cursor === undefined ? null : decodeCursor(filter.cursor);
    const states = filter.states === undefined ? [null] : [...new Set(filter.states)];
    const found = states.flatMap((state) => read(filter, state, from)).sort(newestFirst);
    const page = found.slice(0, filter.limit);
    const last = page.at(-1);
    const more = found.length > page.length && last !== undefined;
    return {
      items: page.map((agent) => ({ agent, task: tasks.require(agent.taskId) })),
      nextCursor: more ? encodeCursor({ key: last.spawnedAt, id: last.agentId }) : null,
    };
  };
}

function newestFirst(a: AgentRecord, b: AgentRecord): number {
  if (a.spawnedAt !== b.spawnedAt) return a.spawnedAt < b.spawnedAt ? 1 : -1;
  return a.agentId < b.agentId ? 1 : -1;
}
