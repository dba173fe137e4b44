import { readFileSync } from "node:fs";
import { identityOf, pidNamespaceOf, processIds, statOf, type ProcessIdentity } from "../process-table.ts";

/** Process 1 of a sandbox, as the host sees it. */
export interface Init {
  readonly process: ProcessIdentity;
  /** As in /proc/<pid>/ns/pid; null where only root may look (a set-user-id bwrap). */
  readonly pidNamespace: string | null;
}

/**
 * The init that a bwrap process has made, or null as long as it has none. Looked up instead of asked for with
 * `--info-fd`: a bwrap whose reader died fails to write, and leaves its init waiting for it for ever.
 */
export function locateInit(bwrap: number): Init | null {
  for (const pid of childrenOf(bwrap)) {
    const process = identityOf(pid);
    if (process !== null && isFirstInNamespace(pid)) return { process, pidNamespace: pidNamespaceOf(pid) };
  }
  return null;
}

/** Children of a process, in no order. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8")
      .trim()
      .split(" ")
      .map(Number);
  } catch {
    return processIds().filter((candidate) => statOf(candidate)?.parent === pid); // a kernel without that file
  }
}

/** Process 1 of a namespace below ours: anything else is not confined, and must never be taken for a sandbox. */
function isFirstInNamespace(pid: number): boolean {
  const depth = namespacedIds("self").length;
  const ids = namespacedIds(String(pid));
  return ids.length === depth + 1 && ids.at(-1) === "1";
}

/** A process's ids, from our PID namespace inwards. */
function namespacedIds(pid: string): string[] {
  try {
    return (/^NSpid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "").split(/\s+/);
  } catch {
    return []; // ended while we looked
  }
}
