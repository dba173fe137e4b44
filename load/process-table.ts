import { readdirSync, readFileSync } from "node:fs";

/** A process as the kernel's table has it. */
export interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  /** Clock ticks since boot; with the pid it names a process for good. */
  readonly startedAt: number;
  /** Ticks of its own. */
  readonly ownTicks: number;
  /** Ticks of the children it has waited for, and of theirs. */
  readonly childTicks: number;
  readonly residentPages: number;
}

/** Of Linux on the machines we support; `getconf CLK_TCK` and `getconf PAGESIZE`. */
export const TICKS_PER_SECOND = 100;
export const PAGE_BYTES = 4096;

/** Reads the text of /proc/<pid>/stat: proc_pid_stat(5). The name in it may hold spaces and parentheses. */
export function parseStat(text: string): ProcessRow {
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  // The first one after the name is field 3.
  const field = (number: number): number => {
    const value = Number(fields[number - 3]);
    if (end === -1 || !Number.isFinite(value))
      throw new Error(
        `field ${number} is not a number in '${text.trim()}', which should be a /proc/<pid>/stat`,
      );
    return value;
  };
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    startedAt: field(22),
    ownTicks: field(14) + field(15),
    childTicks: field(16) + field(17),
    residentPages: field(24),
  };
}

/** Every process there is now; one that ends while this looks is left out. */
export function readProcesses(): readonly ProcessRow[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const text = unlessGone(() => readFileSync(`/proc/${name}/stat`, "latin1"));
      return text === null ? [] : [parseStat(text)];
    });
}

/** Empty for one that is gone. */
export function commandLineOf(pid: number): string {
  return unlessGone(() => readFileSync(`/proc/${pid}/cmdline`, "latin1")) ?? "";
}

/** Children by parent. */
export function childrenIn(rows: readonly ProcessRow[]): ReadonlyMap<number, readonly ProcessRow[]> {
  return Map.groupBy(rows, ({ parent }) => parent);
}

/** A process and all that descend from it. */
export function treeOf(
  root: ProcessRow,
  children: ReadonlyMap<number, readonly ProcessRow[]>,
): readonly ProcessRow[] {
  return [root, ...(children.get(root.pid) ?? []).flatMap((child) => treeOf(child, children))];
}

function unlessGone<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return null;
    throw error;
  }
}
