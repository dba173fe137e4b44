import type { Questions } from "./queries/all.ts";
import type { MovedTable } from "./tables.ts";

/** SQL text, and its parameters in the order in which the text wants their values. */
export type CompiledQuery = readonly [text: string, parameters: readonly string[]];

/** Everything of the control plane for one engine: what `npm run generate` writes to `compiled/`. */
export interface CompiledControl {
  readonly queries: Readonly<Record<keyof Questions, CompiledQuery>>;
  readonly transfer: Readonly<
    Record<MovedTable, { readonly rows: CompiledQuery; readonly insert: CompiledQuery }>
  >;
  /** After rows were put in with keys that they had elsewhere. */
  readonly countOn: readonly string[];
  /** The statements of each migration. */
  readonly migrations: readonly (readonly string[])[];
}
