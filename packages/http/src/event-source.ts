import type { StreamEvent } from "./event-frame.ts";

/** Where events come from. `StateStore` fits with three small arrow functions. */
export interface EventStreamSource<E extends StreamEvent, S> {
  /**
   * Events with a greater id, oldest first, at most `limit`; fewer mean that there are no more. May already leave out
   * what `selection` does not want.
   */
  after(id: number, limit: number, selection: S): Promise<readonly E[]>;
  /** Ids of the oldest and newest event kept; zeros when there is none. */
  range(): Promise<{ readonly oldest: number; readonly newest: number }>;
  /** Called after a commit with what it wrote, in order. Returns the way to stop. */
  subscribe(listener: (events: readonly E[]) => void): () => void;
}
