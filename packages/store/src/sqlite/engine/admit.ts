import { freshAgent, freshTask } from "../../fresh-records.ts";
import type { Admission, AdmissionOutcome } from "../../state-store.ts";
import type { AgentTable } from "./agents.ts";
import type { EventRow, EventTable } from "./events.ts";
import type { TaskTable } from "./tasks.ts";

export interface AdmitRequest extends Admission {
  readonly rows: readonly EventRow[];
}

export interface Admitted {
  readonly outcome: AdmissionOutcome;
  /** Id of the first event written; 0 when nothing was. */
  readonly firstEventId: number;
}

/** Creates task and first agent with their events, or says why not. To be used inside a transaction. */
export function createAdmit(agents: AgentTable, tasks: TaskTable, events: EventTable) {
  return ({ task, agent, maxPending, rows }: AdmitRequest): Admitted => {
    const existing = tasks.get(task.taskId);
    if (existing !== null) {
      const same = existing.fingerprint === task.fingerprint;
      const outcome: AdmissionOutcome = same
        ? { kind: "existing", agent: agents.require(existing.agentId) }
        : { kind: "conflict" };
      return { outcome, firstEventId: 0 };
    }
    const pending = tasks.pending();
    if (pending >= maxPending) return { outcome: { kind: "full", pending }, firstEventId: 0 };
    const record = freshAgent(agent);
    tasks.insert(freshTask(task));
    agents.insert(record, task);
    return { outcome: { kind: "admitted", agent: record }, firstEventId: events.insert(rows) };
  };
}
