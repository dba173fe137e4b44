/**
 * Asks the queue for one thing of every kind at once, says so, and stops for ever without hearing more: when all of it was
 * sent (`sent`), or when all was answered (`answered`). Somebody kills it then.
 */
import { writeSync } from "node:fs";
import type { Lease } from "../task-queue.ts";
import { openQueue } from "./queue-in-test.ts";

export interface KillOrder {
  readonly url: string;
  readonly now: number;
  readonly moment: "sent" | "answered";
  readonly leases: Readonly<Record<"done" | "failed" | "again" | "beating", Lease>>;
}

const { url, now, moment, leases } = JSON.parse(process.argv[2] ?? "") as KillOrder;
const { queue, claim } = await openQueue(url, { now: () => now });
const asked = Promise.all([
  queue.enqueue({ taskId: "new", priority: 1 }),
  claim("killed", 1000),
  queue.heartbeat(leases.beating, 1000),
  queue.complete(leases.done),
  queue.fail(leases.failed),
  queue.fail(leases.again, now + 500),
  queue.remove("removed"),
  queue.release("gone"),
]);
if (moment === "answered") await asked;
writeSync(1, `${moment}\n`);
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
