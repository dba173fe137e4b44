import { closeSync, fstatSync, openSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import {
  controlGroupsOf,
  identityOf,
  isAlive,
  pidNamespaceOf,
  processIds,
  statOf,
} from "../process-table.ts";
import { scanNamespaces } from "../scan-namespaces.ts";
import type { Init, Progress } from "./progress.ts";

/** Control groups of every process of the host, at one moment. */
type Look = readonly { readonly pid: number; readonly groups: string }[];

/** The look that has not begun yet: whoever asks before it begins shares it. */
let next: Promise<Look> | null = null;
let lastEnd = 0;
let lastTook = 0;

/**
 * Process 1 of a container, or null when it is gone or may not be looked at. Its PID namespace is kept open: the number of
 * one that is gone is given to the next container of whoever, whose processes would then be taken for this one's.
 */
export function initOf(pid: number): Init | null {
  const process = pid > 0 ? identityOf(pid) : null;
  if (process === null) return null;
  let handle: number;
  try {
    handle = openSync(`/proc/${String(pid)}/ns/pid`, "r");
  } catch {
    return null; // gone, or another user's
  }
  const release = () => {
    closeSync(handle);
  };
  const pidNamespace = `pid:[${String(fstatSync(handle).ino)}]`;
  if (isAlive(process) && pidNamespace !== pidNamespaceOf("self")) return { process, pidNamespace, release };
  release();
  return null;
}

/** Host ids of the living processes of a container; what is answered was looked up after it was asked. */
export async function processesOf({ id, init }: Progress): Promise<number[]> {
  if (init !== null) {
    const members = (await scanNamespaces()).get(init.pidNamespace) ?? [];
    const found = members.filter((pid) => statOf(pid) !== null);
    return isAlive(init.process) ? [...new Set([init.process.pid, ...found])] : found;
  }
  return id === null ? [] : await processesInGroup(id);
}

/** Whether a process that was found is still one of the container: its id may be another's by now. */
export function isStillIn({ id, init }: Progress, pid: number): boolean {
  if (init !== null && pidNamespaceOf(pid) === init.pidNamespace) return true;
  return id !== null && isIn(controlGroupsOf(pid) ?? "", id);
}

/**
 * By the control group, which the engine names by the container's whole id, and which no process without rights leaves.
 * It needs no init, but every look waits for the kernel's lock on all control groups, which busy engines hold for long:
 * all who ask share one, and looks take at most half of the time.
 */
export async function processesInGroup(containerId: string): Promise<number[]> {
  next ??= look();
  const found = await next;
  return found
    .filter(({ pid, groups }) => isIn(groups, containerId) && statOf(pid) !== null)
    .map(({ pid }) => pid);
}

/** Podman's monitor of a container is in a group that is named by it, too (systemd), and ends with it by itself. */
const isIn = (groups: string, containerId: string): boolean =>
  groups.includes(containerId) && !groups.includes(`libpod-conmon-${containerId}`);

async function look(): Promise<Look> {
  await pause(Math.max(0, lastEnd + lastTook - performance.now()));
  next = null;
  const started = performance.now();
  const found = processIds().map((pid) => ({ pid, groups: controlGroupsOf(pid) ?? "" }));
  lastEnd = performance.now();
  lastTook = lastEnd - started;
  return found;
}
