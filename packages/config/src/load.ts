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
export type Config = Omit<Read, "home" | "modelUpstream" | "valkeyUrl" | "valkeyHost" | "valkeyPort"> & {
  readonly home: string;
  /** From VALKEY_URL, or VALKEY_HOST and VALKEY_PORT; set together with `databaseUrl`, or not at all. */
  readonly valkeyUrl: string | undefined;
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
  const { modelUpstream, valkeyUrl: _, valkeyHost: __, valkeyPort: ___, ...rest } = read;
  return Object.freeze({
    ...rest,
    home: read.home ?? join(homedir(), ".mosaic"),
    valkeyUrl: valkeyUrlOf(read),
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
  const valkeyUrl = valkeyUrlOf(read);
  if (read.databaseUrl !== undefined && valkeyUrl === undefined)
    problems.push(
      "DATABASE_URL is set, but VALKEY_URL is not: many orchestrators need both, one needs neither",
    );
  if (read.databaseUrl === undefined && valkeyUrl !== undefined)
    problems.push(
      "VALKEY_URL is set, but DATABASE_URL is not: many orchestrators need both, one needs neither",
    );
  return problems;
}

function valkeyUrlOf({ valkeyUrl, valkeyHost, valkeyPort }: Read): string | undefined {
  if (valkeyUrl !== undefined || valkeyHost === undefined) return valkeyUrl;
  return `redis://${valkeyHost.includes(":") ? `[${valkeyHost}]` : valkeyHost}:${valkeyPort}`;
}

function scenarioOf(upstream: string | undefined, apiKey: string | undefined): string | null {
  if (upstream === undefined) return apiKey === undefined ? "tour" : null;
  return upstream === "anthropic" ? null : upstream.slice("replay:".length);
}
