import { assertAgentMove, assertTaskMove, isAgentTerminal } from "@mosaic/domain";
import { freshAgent } from "../../fresh-records.ts";
import type { AgentPatch, AgentRecord, NewAgent, TaskRecord } from "../../records.ts";
import type { AgentMove, TaskMove } from "../../state-store.ts";
import type { Fence } from "../../task-queue.ts";
import { InvalidChangeError } from "../../store-error.ts";
import { patchedFields } from "../../patch-rules.ts";
import type { AgentTable } from "./agents.ts";
import type { EventRow, EventTable } from "./events.ts";
import type { RequireFence } from "./fence.ts";
import type { TaskTable } from "./tasks.ts";

/** A change whose events have been checked. */
export interface TransitionRequest {
  readonly at: string;
  readonly agent?: AgentMove | undefined;
  readonly task?: TaskMove | undefined;
  readonly successor?: NewAgent | undefined;
  readonly fence?: Fence | undefined;
  readonly rows: readonly EventRow[];
}

export interface Transitioned {
  readonly agent?: AgentRecord;
  readonly task?: TaskRecord;
  readonly firstEventId: number;
}

export interface PatchRequest {
  readonly agentId: string;
  readonly patch: AgentPatch;
  readonly at: string;
  readonly fence?: Fence | undefined;
  readonly rows: readonly EventRow[];
}

/** Moves agent and task along the domain's tables. An error rolls all of it back: to be used inside a savepoint. */
export function createTransition(
  requireFence: RequireFence,
  {
    agents,
    tasks,
    events,
  }: { readonly agents: AgentTable; readonly tasks: TaskTable; readonly events: EventTable },
) {
  function moveAgent({ agentId, to, patch }: AgentMove, at: string): AgentRecord {
    const agent = agents.require(agentId);
    assertAgentMove(agentId, agent.state, to);
    return agents.update(agent, { ...patchedFields(patch ?? {}), state: to, updatedAt: at });
  }

  function moveTask({ taskId, to }: TaskMove, at: string): TaskRecord {
    const task = tasks.require(taskId);
    assertTaskMove(taskId, task.state, to);
    const moved = { ...task, state: to, updatedAt: at };
    tasks.update(moved);
    return moved;
  }

  function succeed(successor: NewAgent, task: TaskRecord, at: string): [AgentRecord, TaskRecord] {
    const former = agents.require(successor.retryOf ?? "");
    requireFollowable(successor, former, task);
    agents.insert(freshAgent(successor), task);
    const linked = agents.update(former, { retriedBy: successor.agentId, updatedAt: at });
    const pointed = { ...task, agentId: successor.agentId, attempt: successor.attempt };
    tasks.update(pointed);
    return [linked, pointed];
  }

  return {
    transition: ({ at, agent, task, successor, fence, rows }: TransitionRequest): Transitioned => {
      requireFence(fence);
      let movedAgent = agent && moveAgent(agent, at);
      let movedTask = task && moveTask(task, at);
      if (movedAgent && movedTask && movedAgent.taskId !== movedTask.taskId) {
        throw new InvalidChangeError(`agent ${movedAgent.agentId} is not of task ${movedTask.taskId}`);
      }
      if (successor && movedTask) {
        const [linked, pointed] = succeed(successor, movedTask, at);
        movedTask = pointed;
        if (movedAgent) movedAgent = linked;
      }
      return {
        ...(movedAgent && { agent: movedAgent }),
        ...(movedTask && { task: movedTask }),
        firstEventId: events.insert(rows),
      };
    },
    patch: ({
      agentId,
      patch,
      at,
      fence,
      rows,
    }: PatchRequest): { agent: AgentRecord; firstEventId: number } => {
      requireFence(fence);
      const agent = agents.update(agents.require(agentId), { ...patchedFields(patch), updatedAt: at });
      return { agent, firstEventId: events.insert(rows) };
    },
  };
}

/** One retry follows one ended attempt, in order: the task points to the agent that may be followed. */
function requireFollowable(successor: NewAgent, former: AgentRecord, task: TaskRecord): void {
  const why =
    task.agentId !== former.agentId
      ? `the current agent of task ${task.taskId} is ${task.agentId}, not ${former.agentId}`
      : !isAgentTerminal(former.state)
        ? `agent ${former.agentId} is still ${former.state}`
        : successor.attempt !== task.attempt + 1
          ? `attempt ${successor.attempt} does not follow attempt ${task.attempt}`
          : null;
  if (why !== null) throw new InvalidChangeError(`successor ${successor.agentId} is refused: ${why}`);
}
