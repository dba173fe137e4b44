import type { PriceTable } from "@mosaic/domain";
import type { Sandbox } from "@mosaic/sandbox";
import type { FileScanner, SecretScanner } from "@mosaic/secrets";
import type {
  AllowedSecrets,
  AuditLog,
  BudgetLimits,
  Instances,
  Orders,
  StateStore,
  TaskQueue,
  UsageLedger,
} from "@mosaic/store";
import type { Logger, Metrics } from "@mosaic/telemetry";
import type { QualityGates } from "./coordinator/port.ts";
import type { EgressDoors } from "./egress/port.ts";
import type { ModelGateway } from "./gateway/port.ts";
import type { IntegrateMode, Workspaces } from "./git/port.ts";
import type { ConfiguredMcpServer } from "./mcp/read-mcp-file.ts";
import type { Runtimes } from "./runtimes/registry.ts";
import type { TripWire } from "./secrets/trip-wire.ts";
import type { EgressPolicy } from "./spawner/egress-policy.ts";
import type { ExecutionRegistry } from "./spawner/registry.ts";
import type { Reach } from "./spawner/step-points.ts";

/** What an installation decides, resolved once at the start. Times in milliseconds unless named otherwise. */
export interface OrchestratorSettings {
  readonly version: string;
  readonly maxConcurrentAgents: number;
  readonly queueConcurrency: number;
  readonly queueMaxPending: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** How long work goes on while the store cannot be reached; null where it is on this machine. */
  readonly storePatienceMs: number | null;
  readonly agentTimeoutMs: number;
  readonly maxTurns: number;
  readonly maxAttempts: number;
  readonly maxRetries: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  readonly shutdownGraceMs: number;
  readonly cancelGraceMs: number;
  readonly agentSilenceMs: number;
  readonly agentLoopLimit: number;
  readonly agentDiskBytes: number;
  readonly eventsKeep: number;
  readonly salvageMaxAgeDays: number;
  readonly salvageMaxBytes: number;
  readonly yolo: boolean;
  /** How work is put on a base branch that moved, and how often that is tried for one snapshot. */
  readonly integrate: IntegrateMode;
  readonly integrateAttempts: number;
  readonly sandboxEnabled: boolean;
  /** Folders whose repositories any caller may name by path. */
  readonly localRepositories: readonly string[];
  /** Embedded: an admin may name any local repository. */
  readonly embedded: boolean;
  /** Megabytes of an agent's sandbox: what it gets, and the most a task may ask for. */
  readonly memoryMb: number;
  readonly maxMemoryMb: number;
  readonly egress: EgressPolicy;
  /** Images that base branches may choose. */
  readonly images: readonly string[];
  /** The owner's skills; undefined for none. */
  readonly skillsFolder: string | undefined;
  /** The data folder; no repository inside it may be named. */
  readonly home: string;
  readonly prices: PriceTable;
  /** In US dollars; what is not named has no limit. */
  readonly budgets: BudgetLimits;
  /** Upper bound of `max_tokens` in one request, which agents ask for. */
  readonly maxOutputTokens: number;
}

/** Everything the use cases work with, wired once in `app.ts`. */
export interface Services {
  readonly settings: OrchestratorSettings;
  readonly state: StateStore;
  readonly queue: TaskQueue;
  readonly instances: Instances;
  readonly orders: Orders;
  readonly usage: UsageLedger;
  readonly audit: AuditLog;
  readonly workspaces: Workspaces;
  readonly sandbox: Sandbox;
  readonly gateway: ModelGateway;
  readonly runtimes: Runtimes;
  readonly gates: QualityGates;
  readonly egress: EgressDoors;
  readonly mcpServers: readonly ConfiguredMcpServer[];
  readonly scanner: SecretScanner;
  /** Looks into files, in a thread that can be stopped. */
  readonly fileScanner: FileScanner;
  readonly allowedSecrets: AllowedSecrets;
  readonly tripWire: TripWire;
  readonly registry: ExecutionRegistry;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Which orchestrator this is: kept over restarts, so that a start can tell its own leftovers. */
  readonly instanceId: string;
  /** Called at every step boundary; does nothing but in a drill (MOSAIC_CRASH_AT). */
  readonly reach: Reach;
  readonly now: () => Date;
  readonly newId: () => string;
  /** In [0, 1). */
  readonly random: () => number;
}
