import { decodeCursor, encodeCursor } from "../cursor.ts";
import type { AgentRecord, TaskRecord } from "../records.ts";
import type { AgentFilter, AgentPage, StateStore } from "../state-store.ts";
import { CorruptRecordError } from "../store-error.ts";
import { KEYS } from "./keys.ts";
import { readAgent, readTask } from "./record-text.ts";
import type { Reply, RunFunction } from "./run-function.ts";

/** Records read in one step. */
const READ_STEP = 200;

type Item = AgentPage["items"][number];

/** Pages of agents, newest first, from the smallest of the sets that the filter names. */
export function createAgentList(run: RunFunction): StateStore["listAgents"] {
  return async (filter) => {
    const { limit, cursor } = filter;
    const filters = filtersOf(filter);
    const items: Item[] = [];
    let before = cursor === undefined ? undefined : placeOf(cursor);
    do {
      const request = { filters, before, limit: limit - items.length };
      const [reached, ...found] = await run("list_agents", JSON.stringify(request));
      items.push(...itemsOf(found));
      before = String(reached);
    } while (before !== "" && items.length <= limit);
    const page = items.slice(0, limit);
    const last = page.at(-1)?.agent;
    const more = items.length > limit && last !== undefined;
    return { items: page, nextCursor: more ? encodeCursor({ key: last.spawnedAt, id: last.agentId }) : null };
  };
}

/** Tasks in some states, oldest first. Where they are is told in one step; one that moves on before it is read is left out. */
export function createTaskList(run: RunFunction): StateStore["listTasks"] {
  return async (states, { limit, after } = { limit: Number.POSITIVE_INFINITY }) => {
    const tasks: TaskRecord[] = [];
    let begin = after === undefined ? "-" : `(${after.createdAt}|${after.taskId}`;
    for (;;) {
      const wanted = limit - tasks.length;
      const found = await run(
        "task_places",
        Number.isFinite(wanted) ? wanted : -1,
        begin,
        ...new Set(states),
      );
      const places = found.map(String).toSorted().slice(0, wanted);
      const ids = places.map((place) => place.slice(place.indexOf("|") + 1));
      for await (const [id, text] of texts(run, { prefix: KEYS.task, ids })) {
        const task = readTask(id, requireText(KEYS.task + id, text));
        if (states.includes(task.state)) tasks.push(task);
      }
      if (tasks.length >= limit || places.length < wanted) return tasks;
      begin = `(${places.at(-1)}`;
    }
  };
}

/** Agents by their ids, without those that are not there. */
export function createAgentRead(run: RunFunction): StateStore["getAgents"] {
  return async (agentIds) => {
    const agents: AgentRecord[] = [];
    for await (const [id, text] of texts(run, { prefix: KEYS.agent, ids: agentIds }))
      if (typeof text === "string") agents.push(readAgent(id, text));
    return agents;
  };
}

async function* texts(
  run: RunFunction,
  { prefix, ids }: { readonly prefix: string; readonly ids: readonly string[] },
): AsyncGenerator<readonly [id: string, text: Reply | undefined], void, undefined> {
  for (let from = 0; from < ids.length; from += READ_STEP) {
    const step = ids.slice(from, from + READ_STEP);
    const found = await run("read", ...step.map((id) => prefix + id));
    for (const [index, id] of step.entries()) yield [id, found[index]];
  }
}

/** Sets of which an agent must be in one each. */
function filtersOf({ states, taskId, agentType, repository }: AgentFilter): readonly (readonly string[])[] {
  const filters = [
    ...(states === undefined ? [] : [[...new Set(states)].map((state) => KEYS.agentsByState + state)]),
    ...(taskId === undefined ? [] : [[KEYS.agentsByTask + taskId]]),
    ...(agentType === undefined ? [] : [[KEYS.agentsByType + agentType]]),
    ...(repository === undefined ? [] : [[KEYS.agentsByRepository + repository]]),
  ];
  return filters.length === 0 ? [[KEYS.agents]] : filters;
}

function placeOf(cursor: string): string {
  const { key, id } = decodeCursor(cursor);
  return `${key}|${id}`;
}

function itemsOf(found: readonly Reply[]): readonly Item[] {
  const items: Item[] = [];
  for (let at = 0; at < found.length; at += 3) {
    const [agentId, agent, task] = found.slice(at, at + 3).map(String) as [string, string, string];
    const record = readAgent(agentId, agent);
    items.push({ agent: record, task: readTask(record.taskId, task) });
  }
  return items;
}

function requireText(key: string, text: Reply | undefined): string {
  if (typeof text === "string") return text;
  throw new CorruptRecordError(key, "value", "is missing");
}
