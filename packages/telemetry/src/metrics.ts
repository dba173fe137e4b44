import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export interface MetricsOptions {
  /** `mosaic_build_info{name,version}`. */
  readonly name: string;
  readonly version: string;
  /** Also Node's process metrics; only one app of a process should ask for them. Default false. */
  readonly processMetrics?: boolean;
}

/** The metrics of one app, in a registry of its own: several apps run in one process. */
export interface Metrics {
  /** Seconds, by route pattern (never the URL: ids would make endless series). */
  readonly httpDuration: Histogram<"route" | "method" | "status">;
  readonly queueDepth: Gauge<"state">;
  readonly agents: Gauge<"state">;
  /** `outcome` is `completed`, `killed`, or the reason of a failure. */
  readonly agentsEnded: Counter<"outcome">;
  readonly gateVerdicts: Counter<"gate" | "outcome">;
  /** Seconds. */
  readonly gateDuration: Histogram<"gate">;
  /** `scope` is `agent` or `all`; `result` is `killed` or `failed`. */
  readonly kills: Counter<"scope" | "result">;
  /** Seconds. */
  readonly killDuration: Histogram<"scope">;
  readonly tokens: Counter<"model" | "type">;
  /** US dollars. */
  readonly cost: Counter<"model">;
  /** Of 1; what is neither spent nor held of the instance's or today's budget. Not set without a limit. */
  readonly budgetRemaining: Gauge<"scope">;
  readonly modelRequests: Gauge<"state">;
  /** Seconds; 0 when nothing is paused. */
  readonly modelPaused: Gauge;
  readonly sseClients: Gauge;
  /** Clients that were cut because they read too slowly. */
  readonly sseDropped: Counter;
  /** Runs before each scrape, to set gauges from the store. Returns the way to stop. */
  onScrape(update: () => Promise<void>): () => void;
  readonly contentType: string;
  /** Prometheus text format. Rejects when an `onScrape` update does: stale gauges would look like facts. */
  text(): Promise<string>;
}

const REQUEST_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];
const GATE_SECONDS = [0.5, 1, 5, 15, 30, 60, 120, 300, 600];
const KILL_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];

function instruments(registry: Registry) {
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name: `mosaic_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name: `mosaic_${name}`, help, labelNames, registers });
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: number[],
  ) => new Histogram<L>({ name: `mosaic_${name}`, help, labelNames, buckets, registers });
  return {
    httpDuration: histogram(
      "http_request_duration_seconds",
      "Time from request to answer",
      ["route", "method", "status"],
      REQUEST_SECONDS,
    ),
    queueDepth: gauge("queue_depth", "Entries of the task queue by state", ["state"]),
    agents: gauge("agents", "Agents that have not ended, by state", ["state"]),
    agentsEnded: counter("agents_ended_total", "Agents that ended, by outcome", ["outcome"]),
    gateVerdicts: counter("gate_verdicts_total", "Verdicts by gate and outcome", ["gate", "outcome"]),
    gateDuration: histogram("gate_duration_seconds", "Time of one gate", ["gate"], GATE_SECONDS),
    kills: counter("kills_total", "Agents killed, or not", ["scope", "result"]),
    killDuration: histogram("kill_duration_seconds", "Time from order to proof", ["scope"], KILL_SECONDS),
    tokens: counter("tokens_total", "Tokens by model and class", ["model", "type"]),
    cost: counter("cost_usd_total", "Cost by model, in US dollars", ["model"]),
    budgetRemaining: gauge("budget_remaining_ratio", "Part of a budget that is neither spent nor held", [
      "scope",
    ]),
    modelRequests: gauge("model_requests", "Requests to the model's API, waiting and under way", ["state"]),
    modelPaused: gauge<never>(
      "model_paused_seconds",
      "How long all requests to the model's API are paused",
      [],
    ),
    sseClients: gauge<never>("sse_clients", "Clients of event streams", []),
    sseDropped: counter<never>(
      "sse_dropped_total",
      "Clients of event streams cut for reading too slowly",
      [],
    ),
  };
}

/** Instruments and registry of one app; names follow Prometheus' rules (base units, `_total`, no ids in labels). */
export function createMetrics({ name, version, processMetrics = false }: MetricsOptions): Metrics {
  const registry = new Registry();
  const updates = new Set<() => Promise<void>>();
  const build = new Gauge({
    name: "mosaic_build_info",
    help: "Always 1; name and version are the labels",
    labelNames: ["name", "version"],
    registers: [registry],
  });
  build.set({ name, version }, 1);
  if (processMetrics) collectDefaultMetrics({ register: registry });
  return {
    ...instruments(registry),
    onScrape(update) {
      updates.add(update);
      return () => updates.delete(update);
    },
    contentType: registry.contentType,
    async text() {
      await Promise.all([...updates].map((update) => update()));
      return registry.metrics();
    },
  };
}
