import type { EventData, EventType, NewEvent } from "@mosaic/contracts";
import type { Repository } from "@mosaic/domain";
import type { AgentPatch, AgentRecord, TaskRecord } from "@mosaic/store";
import type { Services } from "../services.ts";
import type { AgentMonitor } from "../monitor/agent-monitor.ts";
import type { ArmedCanary } from "../secrets/trip-wire.ts";
import { type Execution, StopSignal } from "./registry.ts";
import type { Transcript } from "./transcript.ts";

/** What every step of an attempt gets. */
export interface AttemptContext {
  readonly services: Services;
  readonly task: TaskRecord;
  readonly agent: AgentRecord;
  readonly repository: Repository;
  readonly execution: Execution;
  readonly transcript: Transcript;
  readonly canary: ArmedCanary;
  readonly maxAttempts: number;
  readonly maxTurns: number;
  /** Aborted when the attempt has to stop; its reason says why. */
  readonly signal: AbortSignal;
  /** Watches for an agent that hangs, repeats itself, or fills the disk. */
  readonly monitor: AgentMonitor;
}

/** An event about this attempt's agent, at this moment. */
export function eventOf<T extends EventType>(context: AttemptContext, type: T, data: EventData<T>): NewEvent {
  return {
    type,
    time: context.services.now().toISOString(),
    subject: context.agent.agentId,
    taskId: context.task.taskId,
    data,
  } as NewEvent;
}

/** Records a fact on the way, and what it changes on the agent, in one step. A killed attempt writes nothing. */
export async function record<T extends EventType>(
  context: AttemptContext,
  event: { type: T; data: EventData<T>; patch?: AgentPatch },
): Promise<void> {
  assertGoing(context);
  const entry = eventOf(context, event.type, event.data);
  if (event.patch === undefined) await context.services.state.append([entry]);
  else await context.services.state.patchAgent(context.agent.agentId, event.patch, entry.time, [entry]);
}

/** Says where the attempt is, for people who look. */
export async function enter(context: AttemptContext, step: string): Promise<void> {
  assertGoing(context);
  const at = context.services.now().toISOString();
  await context.services.state.patchAgent(context.agent.agentId, { step }, at, []);
}

/** Throws the stop signal when the attempt was told to stop. */
export function assertGoing(context: AttemptContext): void {
  if (context.execution.killed) throw new StopSignal("killed");
  context.signal.throwIfAborted();
}

/** Waits for work that may be abandoned: when the attempt is told to stop, its end is nobody's any more. */
export async function unlessStopped<T>({ signal }: AttemptContext, work: Promise<T>): Promise<T> {
  const { promise: stopped, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  work.catch(() => undefined);
  signal.throwIfAborted();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
