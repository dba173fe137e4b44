import { FAILURE_REASONS } from "@mosaic/domain";
import { z } from "zod";
import { Count, Json, ObjectId, TaskId, Timestamp } from "./primitives.ts";
import { GateName } from "./agents.ts";
import { GATE_OUTCOMES } from "./quality.ts";
import { CANARY_PLACES, SecretFinding } from "./secrets.ts";

const Empty = z.object({});
const Reason = z.enum(FAILURE_REASONS);

/** What the monitor watches: nothing heard of the agent, the same calls over and over, disk use. */
export const AGENT_LIMITS = ["silence", "loop", "disk"] as const;

/**
 * Every event's data, by type. `agent.<state>` and `task.<state>` are written in the same atomic step as the change
 * itself; the rest are facts on the way. `transcript.*` is what the agent said and did.
 */
export const EVENT_DATA = {
  "agent.spawning": z.object({ attempt: z.int(), retryOf: z.string().optional() }),
  "agent.running": z.object({ sandbox: z.string(), model: z.string() }),
  "agent.completed": z.object({ branch: z.string(), commit: ObjectId }),
  "agent.failed": z.object({ reason: Reason, error: z.string() }),
  "agent.killed": z.object({ by: z.string(), why: z.string(), residual: z.array(z.string()) }),
  "agent.kill_requested": z.object({ by: z.string(), why: z.string() }),
  "agent.cancel_requested": z.object({ by: z.string(), why: z.string() }),
  "agent.stalled": z.object({ limit: z.enum(AGENT_LIMITS), detail: z.string() }),
  "agent.limit_reached": z.object({
    limit: z.enum(AGENT_LIMITS),
    detail: z.string(),
    graceSeconds: z.number().min(0),
  }),
  "agent.canary": z.object({ where: z.enum(CANARY_PLACES) }),
  "agent.cleanup": z.object({
    steps: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().optional() })),
  }),
  "task.pending": z.object({ retryAt: Timestamp.optional() }),
  "task.assigned": Empty,
  "task.executing": Empty,
  "task.completed": z.object({ branch: z.string(), commit: ObjectId }),
  "task.failed": z.object({ reason: Reason, error: z.string() }),
  "workspace.ready": z.object({
    branch: z.string(),
    baseCommit: ObjectId,
    durationMs: z.number(),
    files: Count,
  }),
  "workspace.dependencies": z.object({ prepared: z.boolean(), message: z.string(), durationMs: z.number() }),
  "workspace.environment": z.object({
    image: z.string().nullable(),
    memoryMb: Count,
    skills: z.array(z.string()),
    missingSkills: z.array(z.string()),
    mcpServers: z.array(z.string()),
    egress: z.array(z.string()),
  }),
  "egress.decided": z.object({
    target: z.string(),
    allowed: z.boolean(),
    reason: z.string(),
    address: z.string().optional(),
  }),
  "egress.closed": z.object({ allowed: Count, refused: Count, untold: Count }),
  "snapshot.taken": z.object({
    commit: ObjectId,
    files: Count,
    additions: Count,
    deletions: Count,
    durationMs: z.number(),
  }),
  "secrets.scanned": z.object({ commit: ObjectId, blobs: Count, findings: Count, durationMs: z.number() }),
  "secrets.blocked": z.object({
    commit: ObjectId,
    findings: z.array(
      z.object({ rule: z.string(), path: z.string(), line: z.int().nullable(), fingerprint: z.string() }),
    ),
  }),
  "secrets.allowed": z.object({ commit: ObjectId, findings: z.array(SecretFinding) }),
  "secrets.outgoing": z.object({
    commit: ObjectId,
    commits: Count,
    blobs: Count,
    findings: Count,
    durationMs: z.number(),
  }),
  "gates.started": z.object({ phase: z.string(), commit: ObjectId, gates: z.array(z.string()) }),
  "gates.verdict": z.object({
    phase: z.string(),
    gate: z.union([GateName, z.literal("prepare")]),
    outcome: z.enum(GATE_OUTCOMES),
    commit: ObjectId,
    durationMs: z.number(),
    message: z.string(),
  }),
  "gates.approved": z.object({ phase: z.string(), commit: ObjectId, durationMs: z.number() }),
  "gates.rejected": z.object({
    phase: z.string(),
    commit: ObjectId,
    gate: z.string(),
    message: z.string(),
    attempt: z.int(),
    attemptsLeft: z.int(),
  }),
  "gates.skipped": z.object({ phase: z.string(), commit: ObjectId, why: z.string() }),
  "commit.made": z.object({ commit: ObjectId, branch: z.string() }),
  "push.started": z.object({ commit: ObjectId, branch: z.string() }),
  "push.verified": z.object({
    commit: ObjectId,
    branch: z.string(),
    remote: z.string(),
    durationMs: z.number(),
  }),
  "integration.moved": z.object({ branch: z.string(), from: ObjectId, to: ObjectId }),
  "integration.clean": z.object({
    commit: ObjectId,
    head: ObjectId,
    mode: z.enum(["rebase", "merge"]),
    durationMs: z.number(),
  }),
  "integration.conflict": z.object({
    commit: ObjectId,
    head: ObjectId,
    files: z.array(z.object({ path: z.string(), kind: z.string() })),
    attempt: z.int(),
    attemptsLeft: z.int(),
  }),
  "integration.unresolved": z.object({ commit: ObjectId, files: z.array(z.string()) }),
  "workspace.moved": z.object({ baseCommit: ObjectId, commit: ObjectId, durationMs: z.number() }),
  "agent.overlap": z.object({ other: z.string(), files: z.array(z.string()), conflicts: z.boolean() }),
  "queue.paused": z.object({ by: z.string() }),
  "queue.resumed": z.object({ by: z.string() }),
  "transcript.prompt": z.object({ attempt: z.int(), text: z.string() }),
  "transcript.text": z.object({ text: z.string() }),
  "transcript.tool_call": z.object({ callId: z.string(), name: z.string(), input: Json }),
  "transcript.tool_result": z.object({
    callId: z.string(),
    isError: z.boolean(),
    output: z.string(),
    truncated: z.boolean(),
  }),
  "transcript.usage": z.object({
    requestId: z.string(),
    model: z.string(),
    status: z.int(),
    inputTokens: Count,
    outputTokens: Count,
    cacheWrite5mTokens: Count,
    cacheWrite1hTokens: Count,
    cacheReadTokens: Count,
    costUsd: z.number(),
  }),
  "transcript.notice": z.object({ text: z.string() }),
} as const satisfies Record<string, z.ZodType>;

export type EventType = keyof typeof EVENT_DATA;
export type EventData<T extends EventType> = z.infer<(typeof EVENT_DATA)[T]>;
export const EventType = z.enum(Object.keys(EVENT_DATA) as [EventType, ...EventType[]]);

/** An event before the store has given it its place. `subject` is the agent's id, or `queue`. */
export type NewEvent = {
  [T in EventType]: { type: T; time: string; subject: string; taskId?: string; data: EventData<T> };
}[EventType];

/** A stored event. `id` grows with every event and is what `Last-Event-ID` names. */
export type StoredEvent = NewEvent & { id: number };

export const EventEnvelope = z.object({
  id: z.int().min(1),
  type: EventType,
  time: Timestamp,
  subject: z.string(),
  taskId: TaskId.optional(),
  data: Json.meta({ description: "See the event reference: its shape follows from the type." }),
});

export const EventPage = z.object({ items: z.array(EventEnvelope), nextAfter: z.int().nullable() });

export const EventPageQuery = z.object({
  after: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
});

export const EventStreamQuery = z.object({
  agent: z.string().max(64).optional().meta({ description: "Only the events of this agent." }),
  transcript: z.stringbool().default(false).meta({ description: "Include transcript.* events." }),
  lastEventId: z.coerce.number().int().min(0).optional().meta({
    description: "Replay what came after this id, for clients that cannot set the Last-Event-ID header.",
  }),
});

/** True for what an agent said and did, which streams leave out unless asked. */
export function isTranscript(type: EventType): boolean {
  return type.startsWith("transcript.");
}

/** Checks an event's data against its type's schema; throws a ZodError when it does not fit. */
export function parseEventData(type: EventType, data: unknown): unknown {
  return EVENT_DATA[type].parse(data);
}
