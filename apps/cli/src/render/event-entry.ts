import type { EventData, EventType } from "@mosaic/contracts";
import type { Tone } from "../terminal/paint.ts";

/** What one event says to people. All text in it is clean already. */
export interface Entry {
  /** One word: what it is about. */
  readonly label: string;
  readonly tone: Tone;
  /** May have several lines. */
  readonly text: string;
  /** Lines below it, indented. */
  readonly details?: readonly string[];
  /** Cut the text to one line that fits, instead of wrapping it. */
  readonly oneLine?: boolean;
}

/** How events of some types are told. The data is checked and clean. */
export type Tellers<T extends EventType = EventType> = {
  readonly [K in T]: (data: EventData<K>, tools: ReadonlyMap<string, string>) => Entry;
};
