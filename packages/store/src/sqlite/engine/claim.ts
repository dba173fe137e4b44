import type { DatabaseSync } from "node:sqlite";
import type { ClaimRequest, Lease } from "../../task-queue.ts";

/** Takes the next entry for a worker. The limits are read in the transaction that writes the claim. */
export function createClaim(db: DatabaseSync) {
  // A lease that ran out keeps its token: its worker may still end or extend it, until someone else claims it.
  const wake = db.prepare("UPDATE queue SET state = 'ready', wakes_at = NULL WHERE wakes_at <= ?");
  const paused = db.prepare("SELECT paused FROM queue_totals");
  const active = db.prepare(
    `SELECT count(*) AS total, count(*) FILTER (WHERE worker_id = ?) AS own
     FROM queue WHERE token IS NOT NULL AND state = 'active'`,
  );
  const next = db.prepare(
    "SELECT seq, task_id, claims FROM queue WHERE state = 'ready' ORDER BY priority DESC, seq LIMIT 1",
  );
  const take = db.prepare(
    `UPDATE queue SET state = 'active', worker_id = ?, token = ?, wakes_at = ?, claims = ? WHERE seq = ?`,
  );

  return ({ workerId, leaseMs, maxActive, maxPerWorker }: ClaimRequest, now: number): Lease | null => {
    // First of all, so that nextDueAt() does not go on naming a time that has passed.
    wake.run(now);
    if (paused.get()?.["paused"] !== 0) return null;
    const counts = active.get(workerId);
    if (Number(counts?.["total"]) >= maxActive || Number(counts?.["own"]) >= maxPerWorker) return null;
    const entry = next.get();
    if (entry === undefined) return null;
    const claims = Number(entry["claims"]) + 1;
    // Never the same twice: `seq` is never given again, and `claims` only grows.
    const token = `${String(entry["seq"])}.${claims}`;
    const expiresAt = now + leaseMs;
    take.run(workerId, token, expiresAt, claims, Number(entry["seq"]));
    return { taskId: String(entry["task_id"]), workerId, token, expiresAt, claims };
  };
}
