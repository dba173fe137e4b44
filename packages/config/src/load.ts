import { homedir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import type { Variable } from "./variable.ts";
import { VARIABLES } from "./variables.ts";

type Table = typeof VARIABLES;
type Value<V> =
  V extends Variable<infer S, infer D> ? (D extends string ? z.output<S> : z.output<S> | undefined) : never;
type Read = { readonly [K in keyof Table]: Value<Table[K]> };

/** The whole configuration, resolved and frozen. */
export type Config = Omit<Read, "home" | "modelUpstream"> & {
  readonly home: string;
  /** `null` is the real API; otherwise the scenario of the scripted model. */
  readonly replayScenario: string | null;
};

/** Everything that is wrong with the environment, at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`the configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.name = "ConfigError";
    this.problems = problems;
  }
}

/**
 * Reads the environment. An empty variable counts as not set.
 * @throws ConfigError listing every problem
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, definition] of Object.entries(VARIABLES) as [string, Variable][]) {
    const name = definition.names.find((candidate) => (env[candidate] ?? "") !== "");
    const raw = name === undefined ? definition.default : env[name];
    if (raw === undefined) continue;
    const parsed = definition.schema.safeParse(raw);
    if (parsed.success) values[key] = parsed.data;
    else problems.push(describe(name ?? definition.names[0], raw, definition, parsed.error));
  }
  if (problems.length > 0) throw new ConfigError(problems);
  const read = values as Read;
  problems.push(...contradictions(read));
  if (problems.length > 0) throw new ConfigError(problems);
  const { modelUpstream, ...rest } = read;
  return Object.freeze({
    ...rest,
    home: read.home ?? join(homedir(), ".mosaic"),
    replayScenario: scenarioOf(modelUpstream, read.apiKey),
  });
}

function describe(name: string, raw: string, definition: Variable, error: z.ZodError): string {
  const why = [...new Set(error.issues.map((issue) => issue.message))].join("; ");
  const shown = definition.secret === true ? "" : `, not '${raw.length > 80 ? `${raw.slice(0, 80)}…` : raw}'`;
  return `${name}: ${why}${shown}. ${definition.description}`;
}

function contradictions(read: Read): string[] {
  const problems: string[] = [];
  if (read.modelUpstream === "anthropic" && read.apiKey === undefined) {
    problems.push("MOSAIC_MODEL_UPSTREAM is anthropic, but CLAUDE_API_KEY is not set");
  }
  const distributed = [
    read.databaseUrl === undefined ? "" : "DATABASE_URL",
    read.valkeyUrl === undefined ? "" : "VALKEY_URL",
    read.valkeyHost === undefined ? "" : "VALKEY_HOST",
  ].filter((name) => name !== "");
  if (distributed.length > 0) {
    problems.push(
      `${distributed.join(", ")}: distributed installations are not supported yet; unset it to run embedded`,
    );
  }
  return problems;
}

function scenarioOf(upstream: string | undefined, apiKey: string | undefined): string | null {
  if (upstream === undefined) return apiKey === undefined ? "tour" : null;
  return upstream === "anthropic" ? null : upstream.slice("replay:".length);
}
