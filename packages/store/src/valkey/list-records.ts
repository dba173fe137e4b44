import { decodeCursor, encodeCursor } from "../cursor.ts";
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
  return async (states) => {
    const places = (await run("task_places", ...new Set(states))).map(String).toSorted();
    const ids = places.map((place) => place.slice(place.indexOf("|") + 1));
    const tasks = [];
    for (let from = 0; from < ids.length; from += READ_STEP) {
      const step = ids.slice(from, from + READ_STEP);
      const texts = await run("read", ...step.map((id) => KEYS.task + id));
      tasks.push(...step.map((id, index) => readTask(id, requireText(KEYS.task + id, texts[index]))));
    }
    return tasks.filter(({ state }) => states.includes(state));
  };
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
