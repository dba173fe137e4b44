export interface QueueEntry {
  readonly taskId: string;
  /** 1 to 10, higher is sooner; first in, first out inside one priority. */
  readonly priority: number;
}

/** A claim on an entry. Whoever holds the newest token of an entry owns it; an older token is refused. */
export interface Lease {
  readonly taskId: string;
  readonly workerId: string;
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** How often the entry has been claimed, this claim included. More than its retries explain: workers were lost. */
  readonly claims: number;
}

/**
 * A write that only the holder of this lease may do: while the queue's entry has its token, or nobody has taken it since.
 * What a worker that was paused or cut off writes when it comes back is refused by it.
 */
export type Fence = Pick<Lease, "taskId" | "token">;

export interface ClaimRequest {
  readonly workerId: string;
  readonly leaseMs: number;
  /** Unexpired leases there may be in all (`MAX_CONCURRENT_AGENTS`). */
  readonly maxActive: number;
  /** Unexpired leases this worker may hold (`ORCHESTRATOR_QUEUE_CONCURRENCY`). */
  readonly maxPerWorker: number;
}

export interface QueueCounts {
  readonly pending: number;
  readonly delayed: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly paused: boolean;
}

/**
 * Which task is executed next, and by whom. One entry a task; the limits are checked in the same atomic step as the
 * claim, so that no two callers pass them together. Every engine passes the suite in `@mosaic/testing`.
 */
export interface TaskQueue {
  /** Adds an entry; `exists` when the task has one that has not ended (a repetition changes nothing). */
  enqueue(entry: QueueEntry): Promise<"added" | "exists">;
  /** Those of the tasks that have no entry, in their order. */
  missing(taskIds: readonly string[]): Promise<readonly string[]>;
  /** The next entry, or null: none is due, the queue is paused, or a limit is reached. Takes over expired leases. */
  claim(request: ClaimRequest): Promise<Lease | null>;
  /** Extends the lease, also one that ran out but that nobody has taken over; null when it is lost. */
  heartbeat(lease: Lease, leaseMs: number): Promise<Lease | null>;
  /** @throws LeaseLostError */
  complete(lease: Lease): Promise<void>;
  /** Ends the entry as failed, or makes it due again at `retryAt` (ms since the epoch). @throws LeaseLostError */
  fail(lease: Lease, retryAt?: number): Promise<void>;
  /** Takes an entry out whatever its state, for a kill; false when there is none. Its lease is lost. */
  remove(taskId: string): Promise<boolean>;
  /** Makes the entries of a worker that is known to be gone due at once; returns how many. */
  release(workerId: string): Promise<number>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  counts(): Promise<QueueCounts>;
  /** When the next delayed entry or expired lease is due (ms since the epoch), or null. */
  nextDueAt(): Promise<number | null>;
  /** Called when an entry may have become claimable. Returns the way to stop. */
  onAvailable(listener: () => void): () => void;
}

/** The lease's token is no longer the newest: another worker owns the entry, or it was removed. */
export class LeaseLostError extends Error {
  readonly taskId: string;

  constructor(taskId: string) {
    super(`the lease on task ${taskId} is lost: it expired and was taken over, or the task was removed`);
    this.name = "LeaseLostError";
    this.taskId = taskId;
  }
}
