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
  | "Drills"
  | "Client";

/** One environment variable: how it is read, and what the reference says about it. */
export interface Variable<
  S extends z.ZodType = z.ZodType,
  D extends string | undefined = string | undefined,
> {
  /** The first name that is set wins. */
  readonly names: readonly [string, ...string[]];
  readonly schema: S;
  /** As written in an environment; undefined when there is none. */
  readonly default: D;
  readonly group: VariableGroup;
  readonly description: string;
  /** Never printed. */
  readonly secret?: boolean;
}

/** Keeps the schema's type, and whether there is a default: a value with one is never undefined. */
export function variable<S extends z.ZodType, const D extends string | undefined>(
  definition: Variable<S, D>,
): Variable<S, D> {
  return definition;
}
