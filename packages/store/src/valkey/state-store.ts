import type { StateStore } from "../state-store.ts";
import type { EventFeed } from "./event-feed.ts";
import { KEYS } from "./keys.ts";
import { createAgentList, createAgentRead, createTaskList } from "./list-records.ts";
import { readAgent, readTask } from "./record-text.ts";
import { createReplay } from "./replay.ts";
import type { RunFunction } from "./run-function.ts";
import { createStateWrites } from "./write-state.ts";

/** Events one step of a pruning removes; between two steps other requests get their turn. */
const PRUNE_STEP = 500;

/** The state store in Valkey. What can be checked without stored state is checked on this side. */
export function createStateStore(run: RunFunction, feed: EventFeed): StateStore {
  async function read<T>(key: string, parse: (text: string) => T): Promise<T | null> {
    const [text] = await run("read", key);
    return typeof text === "string" ? parse(text) : null;
  }

  return {
    ...createStateWrites(run, feed.noteNewest),
    ...createReplay(run, feed.noteNewest),
    getAgent: (agentId) => read(KEYS.agent + agentId, (text) => readAgent(agentId, text)),
    getAgents: createAgentRead(run),
    getTask: (taskId) => read(KEYS.task + taskId, (text) => readTask(taskId, text)),
    listAgents: createAgentList(run),
    findAgents: async (prefix, limit) => (await run("find_agents", prefix, limit)).map(String),
    listTasks: createTaskList(run),
    subscribe: feed.subscribe,
    async pruneEvents(keep) {
      let removed = 0;
      for (;;) {
        const [step] = await run("prune", Math.max(0, keep), PRUNE_STEP);
        if (Number(step) === 0) return removed;
        removed += Number(step);
      }
    },
  };
}
