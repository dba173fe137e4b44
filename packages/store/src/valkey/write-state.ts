import type { NewEvent, StoredEvent } from "@mosaic/contracts";
import { admissionEvents, changeEvents, factEvents } from "../change-rules.ts";
import { freshAgent, freshTask } from "../fresh-records.ts";
import type { NewAgent } from "../records.ts";
import type { Admission, AdmissionOutcome, Applied, Change, StateStore } from "../state-store.ts";
import { InvalidChangeError } from "../store-error.ts";
import type { Fence } from "../task-queue.ts";
import { eventArguments } from "./event-text.ts";
import { agentChanges, agentText, readAgent, readTask, taskText } from "./record-text.ts";
import type { Reply, RunFunction } from "./run-function.ts";

/** An id that can be a part of a key and of JSON as it is. */
const PLAIN_ID = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/**
 * What changes state, each in one call of a function in the server.
 * @param noteNewest told of the newest event that is known to be there
 */
export function createStateWrites(
  run: RunFunction,
  noteNewest: (id: number) => void,
): Pick<StateStore, "admit" | "transition" | "patchAgent" | "append"> {
  /** Gives events the ids they got: those after `before`. */
  function stored(events: readonly NewEvent[], before: Reply | undefined): readonly StoredEvent[] {
    const first = Number(before) + 1;
    noteNewest(Number(before) + events.length);
    return events.map((event, index) => ({ ...event, id: first + index }));
  }

  async function admit({ task, agent, maxPending }: Admission): Promise<AdmissionOutcome> {
    const events = admissionEvents({ task, agent, maxPending });
    const { taskId, fingerprint, createdAt, agentType, repository } = task;
    [taskId, agent.agentId].forEach(requirePlain);
    const record = freshAgent(agent);
    const ofTask = [taskId, fingerprint, createdAt, agentType, repository, taskText(freshTask(task))];
    const ofAgent = [agent.agentId, agent.spawnedAt, agentText(record)];
    const [kind, found, text] = await run(
      "admit",
      maxPending,
      ...ofTask,
      ...ofAgent,
      ...eventArguments(events),
    );
    if (kind === "conflict") return { kind };
    if (kind === "full") return { kind, pending: Number(found) };
    if (kind === "existing") return { kind, agent: readAgent(String(found), String(text)) };
    stored(events, found);
    return { kind: "admitted", agent: record };
  }

  async function transition(change: Change, fence?: Fence): Promise<Applied> {
    const events = changeEvents(change);
    const { at, agent, task, successor } = change;
    const changes = agent ? agentChanges(agent.patch ?? {}, { state: agent.to, updatedAt: at }) : [];
    const [before, agentNow, taskNow] = await run(
      "transition",
      ...fenceArguments(fence),
      agent?.agentId ?? "",
      agent?.to ?? "",
      changes.length / 2,
      ...changes,
      task?.taskId ?? "",
      task?.to ?? "",
      at,
      ...successorArguments(successor),
      ...eventArguments(events),
    );
    return {
      ...(agent && { agent: readAgent(agent.agentId, String(agentNow)) }),
      ...(task && { task: readTask(task.taskId, String(taskNow)) }),
      events: stored(events, before),
    };
  }

  return {
    admit,
    transition,
    async patchAgent(agentId, patch, at, events, fence) {
      const checked = factEvents(events);
      const changes = agentChanges(patch, { updatedAt: at });
      const written = [agentId, changes.length / 2, ...changes, ...eventArguments(checked)];
      const [before, text] = await run("patch", ...fenceArguments(fence), ...written);
      stored(checked, before);
      return readAgent(agentId, String(text));
    },
    async append(events, fence) {
      const checked = factEvents(events);
      if (checked.length === 0) return [];
      const [before] = await run("append", ...fenceArguments(fence), ...eventArguments(checked));
      return stored(checked, before);
    },
  };
}

function fenceArguments(fence: Fence | undefined): readonly string[] {
  return fence === undefined ? ["", ""] : [fence.taskId, fence.token];
}

/** @throws InvalidChangeError */
function successorArguments(successor: NewAgent | undefined): readonly (string | number)[] {
  if (successor === undefined) return ["", "", "", "", ""];
  const { agentId, spawnedAt, retryOf, attempt } = successor;
  requirePlain(agentId);
  return [agentId, spawnedAt, retryOf ?? "", attempt, agentText(freshAgent(successor))];
}

function requirePlain(id: string): void {
  if (PLAIN_ID.test(id)) return;
  throw new InvalidChangeError(
    `${JSON.stringify(id)} cannot be an id: it must be letters, digits, '.', '_', ':' or '-'`,
  );
}
