import { parseEventData, Timestamp, type NewEvent } from "@mosaic/contracts";
import { AGENT_STATES, TASK_STATES } from "@mosaic/domain";
import type { NewAgent } from "./records.ts";
import type { Admission, Change } from "./state-store.ts";
import { InvalidChangeError } from "./store-error.ts";

/** Events that tell of a state. They are written only together with the move they tell of. */
const STATE_EVENTS: ReadonlySet<string> = new Set([
  ...AGENT_STATES.map((state) => `agent.${state}`),
  ...TASK_STATES.map((state) => `task.${state}`),
]);

/** A move, and how to know its event. */
interface Expected {
  readonly type: string;
  readonly of: string;
  readonly fits: (event: NewEvent) => boolean;
}

/** Checks an admission against itself; gives the events it is recorded with. @throws InvalidChangeError */
export function admissionEvents({ task, agent }: Admission): readonly NewEvent[] {
  refuseIf(agent.taskId !== task.taskId, `agent ${agent.agentId} is not of task ${task.taskId}`);
  refuseIf(agent.agentId !== task.agentId, `task ${task.taskId} does not point to agent ${agent.agentId}`);
  refuseIf(
    agent.attempt !== 1 || agent.retryOf !== null,
    `a first agent has attempt 1 and no retryOf; use a change with a successor for a retry`,
  );
  const pending: NewEvent = {
    type: "task.pending",
    time: task.createdAt,
    subject: agent.agentId,
    taskId: task.taskId,
    data: {},
  };
  return [spawning(agent), pending].map(checkEvent);
}

/**
 * Checks a change as far as that can be done without the stored state: every move has exactly its event, every state
 * event its move, a successor what links it. Gives the events as they are to be stored: their data as its schema
 * reads it, and the successor's `agent.spawning` added. @throws InvalidChangeError
 */
export function changeEvents(change: Change): readonly NewEvent[] {
  checkTime(change.at, "the change");
  if (change.successor) checkSuccessor(change.successor, change);
  const events = [...change.events];
  const expected = expectedEvents(change);
  const { successor } = change;
  if (successor && !events.some((event) => isSpawning(event, successor))) events.push(spawning(successor));
  for (const { type, of, fits } of expected) {
    const found = events.filter(fits).length;
    refuseIf(found === 0, `${of} has no ${type} event: a state changes only together with its event`);
    refuseIf(found > 1, `${of} has ${found} ${type} events; it must have one`);
  }
  for (const event of events) {
    refuseIf(
      STATE_EVENTS.has(event.type) && !expected.some(({ fits }) => fits(event)),
      `event ${event.type} of ${event.subject} tells of a move that is not in the change`,
    );
  }
  return events.map(checkEvent);
}

/** Checks events that come without a move. @throws InvalidChangeError for a state event or data that does not fit */
export function factEvents(events: readonly NewEvent[]): readonly NewEvent[] {
  for (const { type, subject } of events) {
    refuseIf(
      STATE_EVENTS.has(type),
      `event ${type} of ${subject} tells of a state; it is written by the transition, not by itself`,
    );
  }
  return events.map(checkEvent);
}

function expectedEvents({ agent, task, successor }: Change): readonly Expected[] {
  const expected: Expected[] = [];
  if (agent) {
    const type = `agent.${agent.to}`;
    const fits = (event: NewEvent) => event.type === type && event.subject === agent.agentId;
    expected.push({ type, of: `agent ${agent.agentId}`, fits });
  }
  if (task) {
    const type = `task.${task.to}`;
    const fits = (event: NewEvent) => event.type === type && event.taskId === task.taskId;
    expected.push({ type, of: `task ${task.taskId}`, fits });
  }
  if (successor) {
    const fits = (event: NewEvent) => isSpawning(event, successor);
    expected.push({ type: "agent.spawning", of: `agent ${successor.agentId}`, fits });
  }
  return expected;
}

function checkSuccessor(successor: NewAgent, { agent, task }: Change): void {
  const name = `successor ${successor.agentId}`;
  refuseIf(successor.retryOf === null, `${name} does not name the agent it follows (retryOf)`);
  refuseIf(
    task?.taskId !== successor.taskId || task.to !== "pending",
    `${name} needs its task to become pending in the same change`,
  );
  refuseIf(
    agent !== undefined && agent.agentId !== successor.retryOf,
    `${name} follows ${successor.retryOf}, but the change moves ${agent?.agentId}`,
  );
}

function spawning(agent: NewAgent): NewEvent {
  return {
    type: "agent.spawning",
    time: agent.spawnedAt,
    subject: agent.agentId,
    taskId: agent.taskId,
    data: { attempt: agent.attempt, ...(agent.retryOf === null ? {} : { retryOf: agent.retryOf }) },
  };
}

function isSpawning(event: NewEvent, agent: NewAgent): boolean {
  return event.type === "agent.spawning" && event.subject === agent.agentId;
}

function checkEvent(event: NewEvent): NewEvent {
  checkTime(event.time, `event ${event.type} of ${event.subject}`);
  try {
    return { ...event, data: parseEventData(event.type, event.data) } as NewEvent;
  } catch (error) {
    throw new InvalidChangeError(
      `the data of event ${event.type} of ${event.subject} does not fit its schema: ${String(error)}`,
      { cause: error },
    );
  }
}

function checkTime(time: string, of: string): void {
  refuseIf(!Timestamp.safeParse(time).success, `the time of ${of} is not RFC 3339 in UTC: ${time}`);
}

function refuseIf(wrong: boolean, why: string): void {
  if (wrong) throw new InvalidChangeError(why);
}
