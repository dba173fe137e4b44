import type { StoredEvent } from "@mosaic/contracts";
import type { AgentRecord, TaskRecord } from "../records.ts";
import type { Link } from "./connect.ts";
import { eventText, runsOf } from "./event-text.ts";
import { writeCommands, type Command, type ImportMarker } from "./import-marker.ts";
import { KEYS } from "./keys.ts";
import { agentText, taskText } from "./record-text.ts";

/** Events written together: they share places in the indexes, which are read as a whole. */
const EVENTS_BATCH = 100;
/** Commands of one step: other clients wait for it. */
const COMMANDS_BATCH = 500;
/** The same, in characters. */
const TEXT_BATCH = 1 << 20;

type Subject = Pick<TaskRecord, "agentType" | "repository">;

/** Puts records of another engine into a database under a marker, with the ids they had, as functions in it would. */
export function createStateImport(link: Link, marker: ImportMarker) {
  const subjects = new Map<string, Subject>();
  let commands: Command[] = [];
  let size = 0;
  let events: StoredEvent[] = [];

  async function flush(): Promise<void> {
    const written = commands;
    commands = [];
    size = 0;
    if (written.length > 0) await writeCommands(link, marker, written);
  }

  async function add(...more: readonly Command[]): Promise<void> {
    for (const command of more) {
      commands.push(command);
      size += command.reduce<number>((sum, word) => sum + String(word).length, 0);
      if (commands.length >= COMMANDS_BATCH || size >= TEXT_BATCH) await flush();
    }
  }

  async function flushEvents(): Promise<void> {
    const written = events;
    events = [];
    await add(...eventCommands(written));
  }

  return {
    async task(task: TaskRecord): Promise<void> {
      const { taskId, state, createdAt, agentType, repository } = task;
      subjects.set(taskId, { agentType, repository });
      await add(
        ["SET", KEYS.task + taskId, taskText(task)],
        ["ZADD", KEYS.tasks + state, 0, `${createdAt}|${taskId}`],
      );
    },
    async agent(agent: AgentRecord): Promise<void> {
      const subject = subjects.get(agent.taskId);
      if (subject === undefined)
        throw new Error(`agent ${agent.agentId} came before its task ${agent.taskId}`);
      await add(...agentCommands(agent, subject));
    },
    /** In order. Those whose ids follow each other share places. */
    async event(event: StoredEvent): Promise<void> {
      const last = events.at(-1);
      if (events.length === EVENTS_BATCH || (last !== undefined && last.id + 1 !== event.id))
        await flushEvents();
      events.push(event);
    },
    /** To be called last. */
    async end(newestEvent: number): Promise<void> {
      await flushEvents();
      await add(["SET", KEYS.newestEvent, newestEvent]);
      await flush();
    },
  };
}

function agentCommands(agent: AgentRecord, { agentType, repository }: Subject): readonly Command[] {
  const { agentId, taskId, state, spawnedAt } = agent;
  const indexes = [
    KEYS.agents,
    KEYS.agentsByState + state,
    KEYS.agentsByTask + taskId,
    KEYS.agentsByType + agentType,
    KEYS.agentsByRepository + repository,
  ];
  return [
    ["SET", KEYS.agent + agentId, agentText(agent)],
    ...indexes.map((key) => ["ZADD", key, 0, `${spawnedAt}|${agentId}`] as const),
    ["ZADD", KEYS.agentIds, 0, agentId],
  ];
}

/** Events that follow each other, and where they are. */
function eventCommands(events: readonly StoredEvent[]): readonly Command[] {
  const placeOf = (last: number): string => `${events[last - 1]?.id}-0`;
  return [
    ...runsOf(events).map(({ key, last, types }): Command => {
      return key === KEYS.lifecycle
        ? ["XADD", key, placeOf(last), "types", types]
        : ["RPUSH", key, `${placeOf(last)} ${types}`];
    }),
    ...events.map((event): Command => {
      return ["XADD", KEYS.events, `${event.id}-0`, "event", `{"id":${event.id},${eventText(event)}`];
    }),
  ];
}
