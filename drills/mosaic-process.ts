import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "@mosaic/client";
import { orchestratorRoutes } from "@mosaic/contracts";

import { storeOf } from "../tests/store-mode.ts";

const MOSAIC = fileURLToPath(new URL("../apps/cli/bin/mosaic.mjs", import.meta.url));
/** A start that takes longer has failed, in milliseconds. */
const START_MS = 60_000;

export type OrchestratorClient = Client<typeof orchestratorRoutes>;

export interface MosaicOptions {
  readonly home: string;
  /** As MOSAIC_MODEL_UPSTREAM names it. */
  readonly upstream: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `mosaic up` as a process of its own, which may be killed. */
export interface Mosaic {
  readonly pid: number;
  readonly url: string;
  readonly client: OrchestratorClient;
  /** From the start of the process until it served, in milliseconds. */
  readonly readyMs: number;
  /** Settles when it has ended, with what it was ended by. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGTERM, and waits. */
  stop(): Promise<void>;
}

/** What a start that did not come to serving said. */
export interface FailedStart {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

/** A scenario of this repository's tests, as MOSAIC_MODEL_UPSTREAM names it. */
export function scenarioFile(name: string): string {
  return `replay:${fileURLToPath(new URL(`../tests/scenarios/${name}.yaml`, import.meta.url))}`;
}

/** Starts `mosaic up`; resolves when it serves, or with how it ended before it did. */
export async function tryMosaic(options: MosaicOptions): Promise<Mosaic | FailedStart> {
  const started = performance.now();
  const child = spawn(process.execPath, [MOSAIC, "up", "--json"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...(await storeEnv(options)), ...environment(options) },
  });
  let stderr = "";
  child.stderr.on("data", (data: Buffer) => (stderr = `${stderr}${data.toString()}`.slice(-20_000)));
  const ended = once(child, "close").then(([code, signal]) => ({
    code: code as number | null,
    signal: signal as string | null,
  }));
  const first = new AbortController();
  const line = once(createInterface({ input: child.stdout }), "line", { signal: first.signal }).then(
    ([text]) => text as string,
    () => null,
  );
  const timer = setTimeout(() => child.kill("SIGKILL"), START_MS);
  const text = await Promise.race([line, ended.then(() => null)]);
  clearTimeout(timer);
  first.abort();
  if (text === null) return { ...(await ended), stderr };
  const readyMs = performance.now() - started;
  const { orchestratorUrl } = JSON.parse(text) as { orchestratorUrl: string };
  const token = (await readFile(join(options.home, "cli-token"), "utf8")).trim();
  return {
    pid: child.pid ?? 0,
    url: orchestratorUrl,
    client: createClient({ baseUrl: orchestratorUrl, token, routes: orchestratorRoutes }),
    readyMs,
    ended,
    kill: () => end(child, "SIGKILL", ended),
    stop: () => end(child, "SIGTERM", ended),
  };
}

/** Like {@link tryMosaic}. @throws Error when it does not come to serving */
export async function startMosaic(options: MosaicOptions): Promise<Mosaic> {
  const mosaic = await tryMosaic(options);
  if ("client" in mosaic) return mosaic;
  throw new Error(`mosaic up ended (${mosaic.signal ?? mosaic.code}) before it served: ${mosaic.stderr}`);
}

/** Whoever brings servers needs no others. */
async function storeEnv({ home, env }: MosaicOptions): Promise<NodeJS.ProcessEnv> {
  return env?.["VALKEY_URL"] === undefined ? (await storeOf(home)).env : {};
}

function environment({ home, upstream, env }: MosaicOptions): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    HOME: home,
    // Compiled code is kept over homes; otherwise every start would compile anew.
    XDG_CACHE_HOME: join(home, "..", "cache"),
    MOSAIC_HOME: home,
    ORCHESTRATOR_PORT: "0",
    COORDINATOR_PORT: "0",
    API_PORT: "0",
    // Not what happens to run on the machine.
    SANDBOX_RUNTIME: "bubblewrap",
    MOSAIC_MODEL_UPSTREAM: upstream,
    MOSAIC_RETRY_BASE_MS: "1",
    MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
    MOSAIC_RATE_LIMIT: "100000",
    ...env,
  };
}

async function end(
  child: ChildProcess,
  signal: "SIGKILL" | "SIGTERM",
  ended: Promise<unknown>,
): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  await ended;
}
