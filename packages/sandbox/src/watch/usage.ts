import { readdirSync, statfsSync } from "node:fs";
import { SANDBOX_HOME } from "../layout.ts";
import { readText } from "../read-text.ts";

/** What a sandbox uses, as far as the host can see it. */
export interface Usage {
  /** Bytes that belong to the processes, and what lies in the file systems in memory. */
  readonly memoryBytes: number;
  /** Processes and threads together. */
  readonly processes: number;
}

/**
 * File systems in memory at places that nothing inside can move or replace. Scratch folders may lie in a tree that an
 * agent rules: to look there from outside would follow its links. Each is bounded by itself.
 */
const IN_MEMORY = ["/tmp", "/dev/shm", SANDBOX_HOME];

/**
 * Folders of /proc that belong to the processes of a sandbox, by its own /proc, which lists no others: a look costs as much
 * as that sandbox has processes, however many the host has.
 *
 * @param init process 1 of the sandbox, as the host numbers it
 */
export function processesIn(init: number): readonly string[] {
  const proc = `${rootOf(init)}/proc`;
  try {
    return readdirSync(proc).flatMap((name) => (/^\d+$/.test(name) ? [`${proc}/${name}`] : []));
  } catch {
    return []; // it ended while we looked
  }
}

/** @param processes as `processesIn` gives them */
export function usageOf(init: number, processes: readonly string[]): Usage {
  let threads = 0;
  let own = 0;
  let shared = 0;
  for (const folder of processes) {
    const status = readText(`${folder}/status`) ?? "";
    threads += number(status, /^Threads:\s+(\d+)/m);
    own += number(status, /^RssAnon:\s+(\d+) kB/m);
    shared += number(status, /^RssShmem:\s+(\d+) kB/m);
  }
  return { memoryBytes: total(init, { own, shared }), processes: threads };
}

/**
 * The memory again, with what processes share counted once. It makes the kernel walk every page, and so is for those who
 * seem to use too much.
 */
export function exactMemoryOf(init: number, processes: readonly string[]): number {
  let own = 0;
  let shared = 0;
  for (const folder of processes) {
    const text = readText(`${folder}/smaps_rollup`) ?? "";
    own += number(text, /^Pss_Anon:\s+(\d+) kB/m);
    shared += number(text, /^Pss_Shmem:\s+(\d+) kB/m);
  }
  return total(init, { own, shared });
}

/** A file in memory that is mapped is both shared memory and in its file system; the larger of the two is surely used. */
function total(init: number, { own, shared }: { readonly own: number; readonly shared: number }): number {
  return own * 1024 + Math.max(shared * 1024, filesInMemory(init));
}

function filesInMemory(init: number): number {
  let bytes = 0;
  for (const folder of IN_MEMORY) {
    try {
      const { blocks, bfree, bsize } = statfsSync(`${rootOf(init)}${folder}`);
      bytes += (blocks - bfree) * bsize;
    } catch {
      // it ended while we looked
    }
  }
  return bytes;
}

const rootOf = (init: number): string => `/proc/${String(init)}/root`;

function number(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}
