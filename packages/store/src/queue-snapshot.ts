/** An entry of the queue with all that decides what becomes of it, the same for every engine. */
export interface EntryRecord {
  readonly taskId: string;
  /** When it came: decides inside one priority. */
  readonly seq: number;
  readonly priority: number;
  readonly state: "ready" | "delayed" | "active";
  /** When it becomes due, or its lease ends (milliseconds since the epoch); null when it is ready. */
  readonly wakesAt: number | null;
  /** Who claimed it last and may still end it; with `token`. */
  readonly workerId: string | null;
  readonly token: string | null;
  readonly claims: number;
}

/** What the queue knows beside its entries. */
export interface QueueSummary {
  readonly paused: boolean;
  readonly completed: number;
  readonly failed: number;
  /** The greatest `seq` ever given. */
  readonly lastSeq: number;
}
