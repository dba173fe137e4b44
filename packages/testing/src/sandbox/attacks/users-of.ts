import { open, readdir, readFile, readlink, type FileHandle } from "node:fs/promises";

/** A host full of processes has more of them than this process may have open files. */
const AT_ONCE = 32;

/**
 * Processes that have something mounted whose path on the host contains a text: all that live in a sandbox with that
 * folder, whatever they did to their environment, command line, session or parent. Linux only.
 */
export async function usersOf(text: string): Promise<readonly number[]> {
  return await processesWhere(async (pid) => {
    const mounts = await readFile(`/proc/${String(pid)}/mountinfo`, "utf8").catch(() => "");
    // The fourth field is what of the file system is mounted, by the name it has now.
    return mounts.split("\n").some((line) => line.split(" ")[3]?.includes(text) === true);
  });
}

/** PID namespaces that are held, so that the kernel gives their numbers to no others. */
export interface HeldNamespaces {
  readonly names: ReadonlySet<string>;
  release(): Promise<void>;
}

/** The PID namespaces of such processes, but for our own. */
export async function pidNamespacesOf(text: string): Promise<HeldNamespaces> {
  const own = await pidNamespace("self");
  const held = new Map<string, FileHandle>();
  for (const pid of await usersOf(text)) {
    const handle = await open(`/proc/${String(pid)}/ns/pid`).catch(() => null);
    if (handle === null) continue;
    const name = `pid:[${String((await handle.stat()).ino)}]`;
    if (name === own || held.has(name)) await handle.close();
    else held.set(name, handle);
  }
  return {
    names: new Set(held.keys()),
    release: async () => {
      for (const handle of held.values()) await handle.close();
      held.clear();
    },
  };
}

/** Living processes in any of these. A zombie is none: it can do nothing any more, but for being looked at by its parent. */
export async function membersOf(namespaces: ReadonlySet<string>): Promise<readonly number[]> {
  return await processesWhere(
    async (pid) => namespaces.has((await pidNamespace(pid)) ?? "") && (await isAlive(pid)),
  );
}

async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${String(pid)}/status`, "utf8").catch(() => "");
  return /^State:\s+[^ZX\s]/m.test(status);
}

async function processesWhere(holds: (pid: number) => Promise<boolean>): Promise<readonly number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (let at = 0; at < pids.length; at += AT_ONCE) {
    const some = pids.slice(at, at + AT_ONCE);
    const answers = await Promise.all(some.map(holds));
    found.push(...some.filter((_, index) => answers[index]));
  }
  return found;
}

async function pidNamespace(pid: number | "self"): Promise<string | null> {
  return await readlink(`/proc/${String(pid)}/ns/pid`).catch(() => null);
}
