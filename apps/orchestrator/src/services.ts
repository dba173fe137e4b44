import type { PriceTable } from "@mosaic/domain";
import type { Sandbox } from "@mosaic/sandbox";
import type { SecretScanner } from "@mosaic/secrets";
import type { AuditLog, StateStore, TaskQueue, UsageLedger } from "@mosaic/store";
import type { Logger, Metrics } from "@mosaic/telemetry";
import type { QualityGates } from "./coordinator/port.ts";
import type { ModelGateway } from "./gateway/port.ts";
import type { Workspaces } from "./git/port.ts";
import type { Runtime } from "./runtimes/port.ts";
import type { ExecutionRegistry } from "./spawner/registry.ts";

/** What an installation decides, resolved once at the start. Times in milliseconds unless named otherwise. */
export interface OrchestratorSettings {
  readonly version: string;
  readonly maxConcurrentAgents: number;
  readonly queueConcurrency: number;
  readonly queueMaxPending: number;
  readonly leaseMs: number;
  readonly agentTimeoutMs: number;
  readonly maxTurns: number;
  readonly maxAttempts: number;
  readonly maxRetries: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  readonly shutdownGraceMs: number;
  readonly eventsKeep: number;
  readonly yolo: boolean;
  readonly sandboxEnabled: boolean;
  /** Folders whose repositories any caller may name by path. */
  readonly localRepositories: readonly string[];
  /** Embedded: an admin may name any local repository. */
  readonly embedded: boolean;
  /** The data folder; no repository inside it may be named. */
  readonly home: string;
  readonly prices: PriceTable;
}

/** Everything the use cases work with, wired once in `app.ts`. */
export interface Services {
  readonly settings: OrchestratorSettings;
  readonly state: StateStore;
  readonly queue: TaskQueue;
  readonly usage: UsageLedger;
  readonly audit: AuditLog;
  readonly workspaces: Workspaces;
  readonly sandbox: Sandbox;
  readonly gateway: ModelGateway;
  readonly runtime: Runtime;
  readonly gates: QualityGates;
  readonly scanner: SecretScanner;
  readonly registry: ExecutionRegistry;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Which orchestrator this is: kept over restarts, so that a start can tell its own leftovers. */
  readonly instanceId: string;
  readonly now: () => Date;
  readonly newId: () => string;
  /** In [0, 1). */
  readonly random: () => number;
}
