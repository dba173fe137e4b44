import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { identityOf, processIds, statOf, type ProcessIdentity } from "../process-table.ts";

/** Process 1 of a sandbox, as the host sees it. */
export interface Init {
  readonly process: ProcessIdentity;
  /** As in /proc/<pid>/ns/pid; null where only root may look (a set-user-id bwrap). */
  readonly pidNamespace: string | null;
  /**
   * Lets go of the namespace. Until then the kernel gives its number to no other: who looks for what is left of this
   * sandbox would find, and kill, the one that was started just now.
   */
  readonly release: () => void;
}

/**
 * The init that a bwrap process has made, or null as long as it has none. Looked up instead of asked for with
 * `--info-fd`: a bwrap whose reader died fails to write, and leaves its init waiting for it for ever.
 */
export function locateInit(bwrap: number): Init | null {
  for (const pid of childrenOf(bwrap)) {
    const process = identityOf(pid);
    if (process !== null && isFirstInNamespace(pid)) return { process, ...holdNamespace(pid) };
  }
  return null;
}

function holdNamespace(pid: number): Pick<Init, "pidNamespace" | "release"> {
  let held: number;
  try {
    held = openSync(`/proc/${String(pid)}/ns/pid`, "r");
  } catch {
    return { pidNamespace: null, release: () => undefined };
  }
  let isHeld = true;
  return {
    pidNamespace: `pid:[${String(fstatSync(held).ino)}]`,
    release: () => {
      if (isHeld) closeSync(held);
      isHeld = false;
    },
  };
}

/** Children of a process, in no order. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8");
    // No children is no number: 0, written to a control group, would be this process.
    return (text.match(/\d+/g) ?? []).map(Number);
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
