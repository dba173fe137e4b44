import type { FailureReason } from "@mosaic/domain";

/** Work that may not go on as it is, and what the agent is told about it. */
export interface Rejection {
  readonly reason: Extract<FailureReason, "rejected" | "secrets" | "conflict">;
  /** One sentence. */
  readonly what: string;
  /** What helps to repair it: output of gates, places of findings. Redacted. */
  readonly details: string;
  /** What else the agent has to know before it goes on: that its files have changed under it, and how. */
  readonly note?: string;
  /** Kept with the agent if this was the last try. */
  readonly evidence: unknown;
}

/** What an attempt that passed has to show. */
export interface Completed {
  readonly branch: string;
  readonly commit: string;
}
