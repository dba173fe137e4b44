import type { DatabaseSync } from "node:sqlite";
import { isTranscript, type StoredEvent } from "@mosaic/contracts";
import type { EntryRecord, QueueSummary } from "../../queue-snapshot.ts";
import { ENTRY, readFields } from "../../record-layout.ts";
import type { AgentRecord, TaskRecord } from "../../records.ts";
import { createAgentTable } from "./agents.ts";
import { createTaskTable } from "./tasks.ts";

/** The queue as it stands, entries in the order in which they came. */
export function readQueue(db: DatabaseSync): {
  readonly entries: readonly EntryRecord[];
  readonly summary: QueueSummary;
} {
  const rows = db
    .prepare(
      `SELECT task_id AS "taskId", seq, priority, state, wakes_at AS "wakesAt", worker_id AS "workerId", token, claims
       FROM queue ORDER BY seq`,
    )
    .all();
  const totals = db.prepare("SELECT paused, completed, failed FROM queue_totals").get();
  const last = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'queue'").get();
  return {
    entries: rows.map((row) => readFields(`queue entry ${String(row["taskId"])}`, row, ENTRY)),
    summary: {
      paused: totals?.["paused"] === 1,
      completed: Number(totals?.["completed"]),
      failed: Number(totals?.["failed"]),
      lastSeq: Number(last?.["seq"] ?? 0),
    },
  };
}

/** Id of the newest event there ever was, pruned or not. */
export function readNewestEvent(db: DatabaseSync): number {
  return Number(db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").get()?.["seq"] ?? 0);
}

/** Puts records of another engine into an empty database, with the ids they had. To be used inside a transaction. */
export function createStateImport(db: DatabaseSync) {
  // Whom an agent follows may be written after it.
  db.exec("PRAGMA defer_foreign_keys = ON");
  const [tasks, agents] = [createTaskTable(db), createAgentTable(db)];
  const putEvent = db.prepare(
    "INSERT INTO events (id, type, time, subject, task_id, transcript, data) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const putEntry = db.prepare(
    `INSERT INTO queue (seq, task_id, priority, state, wakes_at, worker_id, token, claims)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  return {
    task: (task: TaskRecord): void => tasks.insert(task),
    agent: (agent: AgentRecord): void => agents.insert(agent, tasks.require(agent.taskId)),
    event: ({ id, type, time, subject, taskId, data }: StoredEvent): void => {
      putEvent.run(id, type, time, subject, taskId ?? null, Number(isTranscript(type)), JSON.stringify(data));
    },
    entry: ({ seq, taskId, priority, state, wakesAt, workerId, token, claims }: EntryRecord): void => {
      putEntry.run(seq, taskId, priority, state, wakesAt, workerId, token, claims);
    },
    /** What is given next follows what was given there. */
    end: ({ paused, completed, failed, lastSeq }: QueueSummary, newestEvent: number): void => {
      db.prepare("UPDATE queue_totals SET paused = ?, completed = ?, failed = ?").run(
        Number(paused),
        completed,
        failed,
      );
      setSequence(db, "queue", lastSeq);
      setSequence(db, "events", newestEvent);
    },
  };
}

function setSequence(db: DatabaseSync, table: string, value: number): void {
  db.prepare("DELETE FROM sqlite_sequence WHERE name = ?").run(table);
  db.prepare("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)").run(table, value);
}
