import { setImmediate as afterOthers } from "node:timers/promises";
import { pidNamespaceOf, processIds } from "./process-table.ts";

/** Processes by their PID namespace, as /proc/<pid>/ns/pid names it. */
export type Namespaces = ReadonlyMap<string, readonly number[]>;

let next: Promise<Namespaces> | null = null;

/**
 * Looks through all of /proc, once for everybody who asks at the same time: thirty kills that each look for themselves, on a
 * host that is full of what they kill, hold up each other. The look begins after it was asked for.
 */
export async function scanNamespaces(): Promise<Namespaces> {
  next ??= lookSoon();
  return await next;
}

async function lookSoon(): Promise<Namespaces> {
  await afterOthers();
  next = null;
  return scan();
}

function scan(): Namespaces {
  const own = pidNamespaceOf("self");
  const found = new Map<string, number[]>();
  for (const pid of processIds()) {
    const namespace = pidNamespaceOf(pid);
    // Whoever asks does so to kill: what is in our own is never told.
    if (namespace === null || namespace === own) continue;
    const members = found.get(namespace);
    if (members === undefined) found.set(namespace, [pid]);
    else members.push(pid);
  }
  return found;
}
