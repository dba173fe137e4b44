import type { Span } from "./rule.ts";

export interface Match extends Span {
  readonly rule: string;
  /** Lower wins where matches overlap. */
  readonly rank: number;
}
