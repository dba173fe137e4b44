import type { StoredEvent } from "@mosaic/contracts";
import { admissionEvents, changeEvents, factEvents } from "../change-rules.ts";
import type { AgentPatch } from "../records.ts";
import type { AgentMove, StateStore } from "../state-store.ts";
import { toEventRows, type EventFeed } from "./event-feed.ts";
import type { Listeners } from "./listeners.ts";
import type { EngineThread } from "./thread.ts";

/** Events one step of a pruning removes; between two steps other requests get their turn. */
const PRUNE_STEP = 2000;
const same = <T>(value: T): T => value;

export interface StateStoreParts {
  readonly engine: EngineThread;
  readonly feed: EventFeed;
  readonly listeners: Listeners<readonly StoredEvent[]>;
}

/** The state store on the engine's thread. What can be checked without stored state is checked on this side. */
export function createStateStore({ engine, feed, listeners }: StateStoreParts): StateStore {
  return {
    async admit(admission) {
      const events = admissionEvents(admission);
      const request = { ...admission, rows: toEventRows(events) };
      return engine.call("admit", [request], ({ outcome, firstEventId }) => {
        if (outcome.kind === "admitted") feed.stage(events, firstEventId);
        return outcome;
      });
    },
    async transition(change, fence) {
      const events = changeEvents(change);
      const { at, task, successor } = change;
      const agent = change.agent && plainMove(change.agent);
      const request = { at, agent, task, successor, fence, rows: toEventRows(events) };
      return engine.call("transition", [request], ({ firstEventId, ...applied }) => {
        return { ...applied, events: feed.stage(events, firstEventId) };
      });
    },
    async patchAgent(agentId, patch, at, events, fence) {
      const checked = factEvents(events);
      const request = { agentId, patch: plainPatch(patch), at, fence, rows: toEventRows(checked) };
      return engine.call("patchAgent", [request], ({ agent, firstEventId }) => {
        feed.stage(checked, firstEventId);
        return agent;
      });
    },
    async append(events, fence) {
      const checked = factEvents(events);
      if (checked.length === 0) return [];
      return engine.call("appendEvents", [toEventRows(checked), fence], (first) =>
        feed.stage(checked, first),
      );
    },
    async pruneEvents(keep) {
      let removed = 0;
      for (;;) {
        const step = await engine.call("pruneEvents", [Math.max(0, keep), PRUNE_STEP], same);
        removed += step;
        if (step < PRUNE_STEP) return removed;
      }
    },
    getAgent: (agentId) => engine.call("getAgent", [agentId], same),
    getAgents: (agentIds) => engine.call("getAgents", [agentIds], same),
    getTask: (taskId) => engine.call("getTask", [taskId], same),
    listAgents: (filter) => engine.call("listAgents", [filter], same),
    findAgents: (prefix, limit) => engine.call("findAgents", [prefix, limit], same),
    listTasks: (states, slice) => engine.call("listTasks", [states, slice], same),
    eventsAfter: (filter) => engine.call("eventsAfter", [filter], same),
    eventRange: () => engine.call("eventRange", [], same),
    subscribe: (listener) => listeners.add(listener),
  };
}

function plainMove(move: AgentMove): AgentMove {
  return move.patch === undefined ? move : { ...move, patch: plainPatch(move.patch) };
}

/** Details as JSON reads them back, so that an answer equals what a later read gives. */
function plainPatch(patch: AgentPatch): AgentPatch {
  const { details } = patch;
  if (details === undefined) return patch;
  return { ...patch, details: JSON.parse(JSON.stringify(details)) as typeof details };
}
