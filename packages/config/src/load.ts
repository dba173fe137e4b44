import { homedir } from "node:os";
import { join } from "node:path";
import { isModelHost } from "@mosaic/domain";
import type { z } from "zod";
import type { Variable } from "./variable.ts";
import { VARIABLES } from "./variables.ts";

type Table = typeof VARIABLES;
type Value<V> =
  V extends Variable<infer S, infer D> ? (D extends string ? z.output<S> : z.output<S> | undefined) : never;
type Read = { readonly [K in keyof Table]: Value<Table[K]> };

/** What a task may ask for unless the owner says otherwise. */
const MAX_MEMORY_MB = 4096;

/** The whole configuration, resolved and frozen. */
export type Config = Omit<
  Read,
  "home" | "modelUpstream" | "valkeyUrl" | "valkeyHost" | "valkeyPort" | "sandboxMaxMemoryMb"
> & {
  readonly home: string;
  /** From VALKEY_URL, or VALKEY_HOST and VALKEY_PORT; set together with `databaseUrl`, or not at all. */
  readonly valkeyUrl: string | undefined;
  /** `null` is the real API; otherwise the scenario of the scripted model. */
  readonly replayScenario: string | null;
  readonly sandboxMaxMemoryMb: number;
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
    sandboxMaxMemoryMb: read.sandboxMaxMemoryMb ?? Math.max(read.sandboxMemoryMb, MAX_MEMORY_MB),
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
  if ((read.sandboxMaxMemoryMb ?? Infinity) < read.sandboxMemoryMb)
    problems.push("SANDBOX_MAX_MEMORY_MB is less than SANDBOX_DEFAULT_MEMORY_MB, which every agent gets");
  const { hostname } = new URL(read.modelBaseUrl);
  const reachable = [...read.egressAllow, ...read.egressRepositoryAllow].map(({ host }) => host);
  for (const host of [...reachable, ...read.registries].filter((name) => isModelHost(name, hostname)))
    problems.push(
      `${host} is where models are, and cannot be in MOSAIC_EGRESS_ALLOW, MOSAIC_EGRESS_REPOSITORY_ALLOW or MOSAIC_REGISTRIES`,
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
