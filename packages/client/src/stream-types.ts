import type { EventStreamQuery, StoredEvent } from "@mosaic/contracts";
import type { z } from "zod";

export type StreamState =
  | { readonly kind: "connected" }
  /** The connection broke; the next try comes after `retryInMs`. */
  | { readonly kind: "reconnecting"; readonly why: string; readonly retryInMs: number };

/** `reset`: events were missed for good (too old to be kept); read the state again, then go on. */
export type StreamItem =
  | { readonly kind: "event"; readonly id: number; readonly event: StoredEvent }
  | { readonly kind: "reset"; readonly newest: number };

export interface StreamOptions {
  /** Replay what came after this id; without it the stream starts now. */
  readonly lastEventId?: number;
  readonly query?: Omit<z.input<typeof EventStreamQuery>, "lastEventId">;
  readonly signal?: AbortSignal;
  readonly onState?: (state: StreamState) => void;
}
