/**
 * Writes as fast as it can and prints one line for each answer, until it is killed. Each line is a promise of the
 * store: `admitted <task> <agent>`, `running <agent>`, `event <id>`, `audit <seq> <hash>`, `completed`.
 */
import { randomUUID } from "node:crypto";
import { openSqliteStore, type Store } from "@mosaic/store";
import { admission, move, notice } from "../records.ts";

const WRITERS = 8;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function write(store: Store): Promise<void> {
  const agentId = randomUUID();
  const taskId = `task-${agentId}`;
  const request = admission({ agentId, taskId });
  await store.state.admit({ ...request, maxPending: 1_000_000 });
  say(`admitted ${taskId} ${agentId}`);
  await store.state.transition(move(request.agent, { agent: "running", task: "assigned" }));
  say(`running ${agentId}`);
  const [event] = await store.state.append([notice(request.agent, "x".repeat(500))]);
  say(`event ${event?.id}`);
  const { createdAt: at } = request.task;
  const entry = { at, actor: "storm", action: "test", subject: agentId, reason: "test", data: null };
  const { seq, hash } = await store.audit.append(entry);
  say(`audit ${seq} ${hash}`);
  await store.queue.enqueue({ taskId, priority: 5 });
  const limits = { leaseMs: 30_000, maxActive: WRITERS, maxPerWorker: WRITERS };
  const lease = await store.queue.claim({ workerId: "storm", ...limits });
  if (lease === null) throw new Error("the queue gave nothing though an entry was added");
  await store.queue.complete(lease);
  say("completed");
}

const store = await openSqliteStore({ file: process.argv[2] ?? "" });
say("open");
await Promise.all(
  Array.from({ length: WRITERS }, async () => {
    for (;;) await write(store);
  }),
);
