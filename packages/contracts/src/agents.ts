import { SilentOrchestrator } from "./orchestrators.ts";
import { AGENT_STATES, AGENT_TYPES, FAILURE_REASONS, GATE_PROFILES, GATES } from "@mosaic/domain";
import { z } from "zod";
import { EgressTargetText } from "./environment.ts";
import { RuntimeName } from "./runtimes.ts";
import { AgentId, BranchName, Count, Json, ObjectId, TaskId, Timestamp } from "./primitives.ts";

export const AgentType = z.enum(AGENT_TYPES);
export const AgentStateName = z.enum(AGENT_STATES);
export const GateProfileName = z.enum(GATE_PROFILES);
export const GateName = z.enum(GATES);

const Text = (max: number) => z.string().trim().min(1).max(max);

export const TaskContext = z.strictObject({
  repository: z.string().min(1).max(2048).meta({ description: "https://…, ssh://… or an absolute path." }),
  branch: BranchName.meta({ description: "The branch the work starts from." }),
  workItems: z.array(Text(20_000)).min(1).max(50).meta({ description: "What to do, in words." }),
  skills: z
    .array(Text(200))
    .max(50)
    .optional()
    .meta({ description: "Names of skills the agent is told to use." }),
  runtime: RuntimeName.optional().meta({
    description: "Which of GET /runtimes runs the agent; default: MOSAIC_DEFAULT_RUNTIME.",
  }),
});
export type TaskContext = z.infer<typeof TaskContext>;

export const SpawnOptions = z.strictObject({
  sandbox: z.boolean().optional().meta({ description: "false is refused unless SANDBOX_ENABLED=false." }),
  timeout: z.int().min(1).max(86_400).optional().meta({ description: "Seconds an attempt may take." }),
  maxRetries: z.int().min(0).max(10).optional().meta({ description: "Attempts after the first one." }),
  priority: z.int().min(1).max(10).optional().meta({ description: "Higher is sooner; default 5." }),
  model: Text(100).optional(),
  maxTurns: z
    .int()
    .min(1)
    .max(500)
    .optional()
    .meta({ description: "Requests that the model answers in one prompt." }),
  maxAttempts: z.int().min(1).max(10).optional().meta({ description: "Prompts until the gates pass." }),
  gates: z.array(GateName).min(1).optional().meta({ description: "The gates of the custom profile." }),
  budgetUsd: z.number().positive().max(1_000_000_000).optional().meta({
    description: "US dollars that the task may cost in all its attempts; at most MOSAIC_BUDGET_TASK_USD.",
  }),
  memoryMb: z.int().min(64).max(1_048_576).optional().meta({
    description:
      "Megabytes of the agent's sandbox; at most SANDBOX_MAX_MEMORY_MB, default SANDBOX_DEFAULT_MEMORY_MB.",
  }),
  egress: z.array(EgressTargetText).min(1).max(32).optional().meta({
    description:
      "What the agent may reach, `host:port` each, through a proxy that allows nothing else. Only what MOSAIC_EGRESS_ALLOW holds, or the base branch opens within MOSAIC_EGRESS_REPOSITORY_ALLOW.",
  }),
});
export type SpawnOptions = z.infer<typeof SpawnOptions>;

export const SpawnRequest = z.strictObject({
  taskId: TaskId,
  agentType: AgentType,
  gateProfile: GateProfileName.optional(),
  context: TaskContext,
  options: SpawnOptions.optional(),
});
export type SpawnRequest = z.infer<typeof SpawnRequest>;

export const SpawnResponse = z.object({ agentId: AgentId, status: AgentStateName });

export const AgentStatus = z.object({
  agentId: AgentId,
  taskId: TaskId,
  status: AgentStateName,
  spawnedAt: Timestamp,
  startedAt: Timestamp.optional(),
  completedAt: Timestamp.optional(),
  error: z.string().optional(),
});

export const Usage = z.object({
  inputTokens: Count,
  outputTokens: Count,
  cacheWrite5mTokens: Count,
  cacheWrite1hTokens: Count,
  cacheReadTokens: Count,
  requests: Count,
  costUsd: z.number().min(0),
});
export type Usage = z.infer<typeof Usage>;

/** Everything that is known about an agent. `status` and `reason` are separate facts. */
export const AgentView = AgentStatus.extend({
  agentType: AgentType,
  gateProfile: GateProfileName,
  repository: z.string(),
  baseBranch: z.string(),
  workItems: z.array(z.string()),
  priority: z.int(),
  attempt: z.int().min(1),
  retryOf: AgentId.optional(),
  retriedBy: AgentId.optional(),
  reason: z.enum(FAILURE_REASONS).optional(),
  details: Json.optional(),
  step: z.string().optional().meta({ description: "Where on its way the agent is, in one word." }),
  model: z.string(),
  runtime: RuntimeName.meta({ description: "What runs it: a name of GET /runtimes." }),
  sandbox: z
    .string()
    .optional()
    .meta({ description: "The sandbox it runs in: docker, podman, bubblewrap, or none." }),
  branch: z.string().optional(),
  baseCommit: ObjectId.optional(),
  snapshotCommit: ObjectId.optional(),
  pushedCommit: ObjectId.optional(),
  killRequestedAt: Timestamp.optional(),
  yolo: z.boolean().meta({ description: "True when its gates were skipped (YOLO_MODE)." }),
  usage: Usage,
});
export type AgentView = z.infer<typeof AgentView>;

export const AgentList = z.object({
  items: z.array(AgentView),
  nextCursor: z.string().nullable(),
});

export const AgentListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(200).optional(),
  status: z
    .union([AgentStateName, z.array(AgentStateName)])
    .optional()
    .transform((value) => (value === undefined || Array.isArray(value) ? value : [value])),
  taskId: TaskId.optional(),
  agentType: AgentType.optional(),
  repository: z.string().max(2048).optional(),
});

export const AgentDiff = z.object({
  agentId: AgentId,
  baseCommit: ObjectId,
  commit: ObjectId,
  files: z.array(
    z.object({
      path: z.string(),
      additions: Count.nullable().meta({ description: "null for a binary file." }),
      deletions: Count.nullable(),
    }),
  ),
  patch: z.string(),
  truncated: z.boolean(),
});
export type AgentDiff = z.infer<typeof AgentDiff>;

export const KillRequest = z.strictObject({ reason: z.string().trim().min(1).max(500).optional() });

/** What became of an agent's push when it was killed, as the remote itself says. */
export const PUSH_OUTCOMES = ["not_begun", "not_reached", "reached", "unknown"] as const;

/** What a kill stopped, with proof and time. `residual` is what is left; empty means nothing is. */
export const KillReceipt = z.object({
  agentId: AgentId,
  status: AgentStateName,
  previousStatus: AgentStateName,
  killedAt: Timestamp,
  durationMs: z.number().min(0),
  steps: z.array(
    z.object({ name: z.string(), ok: z.boolean(), atMs: z.number().min(0), detail: z.string().optional() }),
  ),
  residual: z.array(z.string()),
  push: z.enum(PUSH_OUTCOMES).optional().meta({
    description:
      "not_begun: the kill came first. Otherwise what the remote's branch said after the kill; unknown when it could not be asked.",
  }),
});
export type KillReceipt = z.infer<typeof KillReceipt>;

/** The `details` of an agent that was killed, or that a kill could not clear away. */
export const KeptReceipt = z.object({ receipt: KillReceipt });

export const KillResponse = KillReceipt.extend({ message: z.string() });

/** How a cancelled agent ended: `failed` with reason `cancelled`, or `killed` when it did not stop in its grace. */
export const CancelResponse = z.object({
  agentId: AgentId,
  status: AgentStateName,
  reason: z.enum(FAILURE_REASONS).optional(),
  message: z.string(),
  receipt: KillReceipt.optional().meta({ description: "Present when it had to be killed." }),
});
export type CancelResponse = z.infer<typeof CancelResponse>;

export const KillAllResponse = z.object({
  message: z.string(),
  total: Count,
  killed: Count,
  failed: Count,
  errors: z.array(z.object({ agentId: AgentId, error: z.string() })),
  receipts: z.array(KillReceipt),
  silent: z
    .array(SilentOrchestrator)
    .meta({ description: "Orchestrators that did not answer; the order waits for them." }),
});
