import type { z } from "zod";

export type VariableGroup =
  | "Addresses"
  | "Data"
  | "Access"
  | "Model"
  | "Agents"
  | "Queue"
  | "Sandbox"
  | "Git"
  | "Gates"
  | "Client";

/** One environment variable: how it is read, and what the reference says about it. */
export interface Variable<S extends z.ZodType = z.ZodType> {
  /** The first name that is set wins. */
  readonly names: readonly [string, ...string[]];
  readonly schema: S;
  /** As written in an environment; undefined when there is none. */
  readonly default: string | undefined;
  readonly group: VariableGroup;
  readonly description: string;
  /** Never printed. */
  readonly secret?: boolean;
}

/** Keeps the schema's type. */
export function variable<S extends z.ZodType>(definition: Variable<S>): Variable<S> {
  return definition;
}
