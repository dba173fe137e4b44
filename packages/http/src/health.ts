import {
  type DependencyHealth,
  type healthRoutes,
  type Readiness,
  type RouteTable,
  type SandboxFacts,
  toOpenApi,
} from "@mosaic/contracts";
import type { Metrics } from "@mosaic/telemetry";
import type { Handlers } from "./handler.ts";

export type HealthCheck = () => Promise<DependencyHealth>;

export interface HealthOptions {
  readonly name: string;
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly now?: () => number;
  /** Ready when all of them answer `ok`. A check that throws or takes longer than `checkTimeoutMs` is its own failure. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  /** What people should know: sandbox off, scripted model, gates off. */
  readonly warnings: () => readonly string[];
  /** What this plane runs agents or gates in; null when it cannot. Left out: it runs nothing. */
  readonly sandbox?: SandboxFacts | null;
  readonly metrics: Metrics;
  /** Everything this plane serves, for `/openapi.json`. */
  readonly routes: RouteTable;
  /** Default 2000. */
  readonly checkTimeoutMs?: number;
  /** Results are reused for so long; default 1000. */
  readonly cacheMs?: number;
}

/** The check's answer; never rejects and never takes longer than `limitMs`. */
async function bounded(check: HealthCheck, limitMs: number): Promise<DependencyHealth> {
  const late = Promise.withResolvers<DependencyHealth>();
  const timer = setTimeout(
    () => late.resolve({ ok: false, detail: `no answer within ${limitMs} ms` }),
    limitMs,
  );
  try {
    return await Promise.race([check(), late.promise]);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

async function runChecks(
  checks: HealthOptions["checks"],
  limitMs: number,
): Promise<Readonly<Record<string, DependencyHealth>>> {
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => [name, await bounded(check, limitMs)] as const),
  );
  return Object.fromEntries(answers);
}

/** Repeats an answer for `cacheMs`, and shares one that is on its way: health must not be a way to cause load. */
function cached<T>(produce: () => Promise<T>, cacheMs: number, now: () => number): () => Promise<T> {
  let running: Promise<T> | undefined;
  let last: { readonly at: number; readonly answer: T } | undefined;

  async function refresh(): Promise<T> {
    try {
      const answer = await produce();
      last = { at: now(), answer };
      return answer;
    } finally {
      running = undefined;
    }
  }

  return async () => {
    if (last !== undefined && now() - last.at < cacheMs) return last.answer;
    return (running ??= refresh());
  };
}

/** Handlers of contracts' `healthRoutes`; spread them into the plane's own. */
export function createHealthHandlers(options: HealthOptions): Handlers<typeof healthRoutes> {
  const { name, version, startedAt, checks, warnings, metrics, routes } = options;
  const now = options.now ?? Date.now;
  const timestamp = () => new Date(now()).toISOString();
  const openApi = JSON.stringify(toOpenApi(routes, { title: `Mosaic ${name}`, version }));
  const checked = cached(
    async (): Promise<Readiness> => {
      const results = await runChecks(checks, options.checkTimeoutMs ?? 2000);
      const isReady = Object.values(results).every((result) => result.ok);
      const status = isReady ? "ready" : "not_ready";
      return { status, timestamp: timestamp(), checks: results, warnings: [...warnings()] };
    },
    options.cacheMs ?? 1000,
    now,
  );
  return {
    health: () => ({ status: "healthy", uptime: (now() - startedAt) / 1000, timestamp: timestamp() }),
    async ready(_input, context) {
      const readiness = await checked();
      if (readiness.status !== "ready") context.setStatus(503);
      return readiness;
    },
    meta: () => ({ name, version, warnings: [...warnings()], sandbox: options.sandbox ?? null }),
    openapi: (_input, context) => context.sendText(openApi, "application/json; charset=utf-8"),
    metrics: async (_input, context) => context.sendText(await metrics.text(), metrics.contentType),
  };
}
