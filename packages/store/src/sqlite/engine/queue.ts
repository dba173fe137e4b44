import type { DatabaseSync } from "node:sqlite";
import { LeaseLostError, type Lease, type QueueCounts, type QueueEntry } from "../../task-queue.ts";

const END = {
  completed: "UPDATE queue_totals SET completed = completed + 1",
  failed: "UPDATE queue_totals SET failed = failed + 1",
} as const;

/** The queue's table. An entry that ended is a number in `queue_totals`: the table holds only what is to be done. */
export function createQueueTable(db: DatabaseSync) {
  const insert = db.prepare(
    "INSERT INTO queue (task_id, priority, state) VALUES (?, ?, 'ready') ON CONFLICT (task_id) DO NOTHING",
  );
  const extend = db.prepare(
    "UPDATE queue SET state = 'active', wakes_at = ? WHERE task_id = ? AND token = ?",
  );
  const finish = db.prepare("DELETE FROM queue WHERE task_id = ? AND token = ?");
  const postpone = db.prepare(
    `UPDATE queue SET state = 'delayed', wakes_at = ?, worker_id = NULL, token = NULL
     WHERE task_id = ? AND token = ?`,
  );
  const remove = db.prepare("DELETE FROM queue WHERE task_id = ?");
  const release = db.prepare(
    `UPDATE queue SET state = 'ready', wakes_at = NULL, worker_id = NULL, token = NULL
     WHERE token IS NOT NULL AND worker_id = ?`,
  );
  const count = { completed: db.prepare(END.completed), failed: db.prepare(END.failed) };
  const setPaused = db.prepare("UPDATE queue_totals SET paused = ?");

  function end(lease: Lease, outcome: "completed" | "failed"): void {
    if (finish.run(lease.taskId, lease.token).changes === 0) throw new LeaseLostError(lease.taskId);
    count[outcome].run();
  }

  return {
    enqueue: ({ taskId, priority }: QueueEntry): "added" | "exists" => {
      return insert.run(taskId, priority).changes === 0 ? "exists" : "added";
    },
    heartbeat: (lease: Lease, expiresAt: number): Lease | null => {
      const { changes } = extend.run(expiresAt, lease.taskId, lease.token);
      return changes === 0 ? null : { ...lease, expiresAt };
    },
    complete: (lease: Lease): void => {
      end(lease, "completed");
    },
    fail: (lease: Lease, retryAt: number | null): void => {
      if (retryAt === null) return end(lease, "failed");
      const { changes } = postpone.run(retryAt, lease.taskId, lease.token);
      if (changes === 0) throw new LeaseLostError(lease.taskId);
    },
    remove: (taskId: string): boolean => {
      return remove.run(taskId).changes !== 0;
    },
    release: (workerId: string): number => {
      return Number(release.run(workerId).changes);
    },
    setPaused: (value: boolean): void => {
      setPaused.run(Number(value));
    },
  };
}

/** What the queue holds at `now`, whether or not a claim has already seen that something became due. */
export function createQueueView(db: DatabaseSync) {
  const all = db.prepare("SELECT count(*) AS entries FROM queue");
  const waiting = db.prepare(
    `SELECT count(*) FILTER (WHERE state = 'delayed') AS delayed, count(*) FILTER (WHERE state = 'active') AS active
     FROM queue WHERE wakes_at > ?`,
  );
  const totals = db.prepare("SELECT paused, completed, failed FROM queue_totals");
  const entry = db.prepare("SELECT 1 FROM queue WHERE task_id = ?");
  const next = db.prepare("SELECT min(wakes_at) AS at FROM queue WHERE wakes_at IS NOT NULL");

  return {
    missing: (taskIds: readonly string[]): readonly string[] => {
      return taskIds.filter((taskId) => entry.get(taskId) === undefined);
    },
    counts: (now: number): QueueCounts => {
      const entries = Number(all.get()?.["entries"]);
      const { delayed, active } = numbers(waiting.get(now));
      const { paused, completed, failed } = numbers(totals.get());
      return {
        pending: entries - delayed - active,
        delayed,
        active,
        completed,
        failed,
        paused: paused === 1,
      };
    },
    nextDueAt: (): number | null => {
      const at = next.get()?.["at"];
      return typeof at === "number" ? at : null;
    },
  };
}

type Counted = "delayed" | "active" | "paused" | "completed" | "failed";

function numbers(row: Record<string, unknown> | undefined): Record<Counted, number> {
  return row as Record<Counted, number>;
}
