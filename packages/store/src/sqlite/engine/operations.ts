import type { DatabaseSync } from "node:sqlite";
import type { Fence } from "../../task-queue.ts";
import { createAdmit } from "./admit.ts";
import { createAgentTable } from "./agents.ts";
import { createClaim } from "./claim.ts";
import { createControlTables } from "./control.ts";
import { createEventTable, type EventRow } from "./events.ts";
import { createFence } from "./fence.ts";
import { createAgentList } from "./list-agents.ts";
import { SCHEMA_VERSION } from "./migrate.ts";
import { createQueueTable, createQueueView } from "./queue.ts";
import { createTaskTable } from "./tasks.ts";
import { createTransition } from "./transition.ts";

/** Everything that can be asked of the engine. Writes run in a savepoint of their own, reads need none. */
export function createOperations(db: DatabaseSync) {
  const agents = createAgentTable(db);
  const tasks = createTaskTable(db);
  const events = createEventTable(db);
  const queue = createQueueTable(db);
  const view = createQueueView(db);
  const control = createControlTables(db);
  const requireFence = createFence(db);
  const { transition, patch } = createTransition(requireFence, { agents, tasks, events });

  const writes = {
    admit: createAdmit(agents, tasks, events),
    transition,
    patchAgent: patch,
    appendEvents: (rows: readonly EventRow[], fence: Fence | undefined): number => {
      requireFence(fence);
      return events.insert(rows);
    },
    pruneEvents: events.prune,
    enqueue: queue.enqueue,
    claim: createClaim(db),
    heartbeat: queue.heartbeat,
    complete: queue.complete,
    fail: queue.fail,
    removeEntry: queue.remove,
    releaseWorker: queue.release,
    setPaused: queue.setPaused,
    ...control.writes,
    probe: createProbe(db),
  };
  const reads = {
    getAgent: agents.get,
    getAgents: agents.getAll,
    getTask: tasks.get,
    listAgents: createAgentList(db, tasks),
    findAgents: agents.find,
    listTasks: tasks.list,
    eventsAfter: events.after,
    eventRange: events.range,
    missingEntries: view.missing,
    queueCounts: view.counts,
    nextDueAt: view.nextDueAt,
    ...control.reads,
  };
  return { writes, reads };
}

type Built = ReturnType<typeof createOperations>;
export type Operations = Built["writes"] & Built["reads"];
export type OperationName = keyof Operations;

/** One call, as it crosses to the engine. */
export interface Request {
  readonly op: OperationName;
  readonly args: readonly unknown[];
}

/** A write that changes nothing but itself: the only honest answer to "can you write?". */
function createProbe(db: DatabaseSync) {
  const write = db.prepare("UPDATE write_probe SET writes = writes + 1");
  const version = db.prepare("SELECT sqlite_version() AS version");
  return (): string => {
    write.run();
    const sqlite = String(version.get()?.["version"]);
    return `SQLite ${sqlite}, schema ${SCHEMA_VERSION}, write-ahead log, every commit synced`;
  };
}
