import { GATE_PHASES } from "@mosaic/domain";
import { z } from "zod";
import { GateName, GateProfileName } from "./agents.ts";
import { AgentId, ObjectId, TaskId, Timestamp } from "./primitives.ts";

/** The owner's fields (taskId, agentId, files, diffSummary), and what is needed to check exactly one commit. */
export const QualityCheckRequest = z.strictObject({
  taskId: TaskId,
  agentId: AgentId,
  files: z.array(z.string().max(4096)).max(100_000),
  diffSummary: z.string().max(100_000),
  mirror: z
    .string()
    .min(1)
    .max(4096)
    .meta({ description: "Absolute path of the bare repository with the commit." }),
  commit: ObjectId,
  base: ObjectId.meta({ description: "The commit the work started from; the gates' commands come from it." }),
  phase: z.enum(GATE_PHASES),
  profile: GateProfileName,
  gates: z.array(GateName).optional().meta({ description: "The gates of the custom profile." }),
});
export type QualityCheckRequest = z.infer<typeof QualityCheckRequest>;

export const GATE_OUTCOMES = ["passed", "failed", "missing", "error", "timeout", "skipped"] as const;

/** One gate's answer, bound to one commit. Only `passed` and `skipped` (by the base branch's word) let it through. */
export const Verdict = z.object({
  gate: z.union([GateName, z.literal("prepare")]),
  outcome: z.enum(GATE_OUTCOMES),
  commit: ObjectId,
  command: z.string().nullable(),
  exitCode: z.int().nullable(),
  durationMs: z.number().min(0),
  message: z.string(),
  output: z.string().meta({ description: "The tail of what the command printed, redacted." }),
  metrics: z.record(z.string(), z.number()).optional(),
});
export type Verdict = z.infer<typeof Verdict>;

export const QualityDetails = z.object({
  commit: ObjectId,
  phase: z.enum(GATE_PHASES),
  profile: GateProfileName,
  yolo: z.boolean(),
  startedAt: Timestamp,
  durationMs: z.number().min(0),
  verdicts: z.array(Verdict),
  toolchain: z.record(z.string(), z.string()),
});

/** `gate` names the first gate that rejected, or the phase when all passed. */
export const QualityCheckResponse = z.object({
  approved: z.boolean(),
  gate: z.string(),
  message: z.string().optional(),
  details: QualityDetails.optional(),
});
export type QualityCheckResponse = z.infer<typeof QualityCheckResponse>;

/** Asks for the prepared dependencies of a commit, so that an agent can run the tests it is judged by. */
export const PrepareRequest = z.strictObject({
  mirror: z.string().min(1).max(4096),
  commit: ObjectId,
});
export const PrepareResponse = z.object({
  prepared: z.boolean(),
  message: z.string(),
  durationMs: z.number().min(0),
  cached: z.boolean(),
  mounts: z.array(z.object({ source: z.string(), target: z.string(), scratch: z.array(z.string()) })).meta({
    description:
      "Folders to mount read-only: absolute source, target relative to the tree or absolute, and paths in it that need a private tmpfs.",
  }),
  path: z.array(z.string()).meta({ description: "Folders inside for the front of PATH." }),
  env: z
    .record(z.string(), z.string())
    .meta({ description: "Variables that tools need to find the folders." }),
});
export type PrepareResponse = z.infer<typeof PrepareResponse>;
