import { readFile } from "node:fs/promises";
import { namesIn } from "./exists.ts";

interface Found {
  readonly pid: number;
  readonly parent: number;
  readonly ours: boolean;
}

/**
 * Kills git processes on a data folder that no living process of Mosaic waits for: a git outlives a parent that was
 * killed, and would go on writing, or pushing. Only at a start, while this process alone owns the folder. Linux only;
 * elsewhere nothing is found. Answers with how many there were.
 */
export async function killFormerGit(root: string): Promise<number> {
  const ids = (await namesIn("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = (await Promise.all(ids.map((pid) => look(pid, root)))).filter((entry) => entry !== null);
  const parents = new Map(found.map(({ pid, parent }) => [pid, parent]));
  const former = found.filter(({ pid, ours }) => ours && !descends(pid, parents));
  for (const { pid } of former) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      // It ended by itself in the meantime, which is as good.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return former.length;
}

/** git is told its repository by an argument, its helpers by a variable; both lie in the folder that is locked. */
async function look(pid: number, root: string): Promise<Found | null> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
  const [command, environment, stat] = await Promise.all([read("cmdline"), read("environ"), read("stat")]);
  const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  if (!Number.isSafeInteger(parent)) return null;
  const [program = "", ...args] = command.split("\0");
  const isGit = /(?:^|\/)git(?:-[\w-]+)?$/.test(program);
  const named =
    args.some((argument) => argument.startsWith(`--git-dir=${root}/`)) ||
    environment.split("\0").some((variable) => variable.startsWith(`GIT_DIR=${root}/`));
  return { pid, parent, ours: isGit && named };
}

function descends(pid: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at)) {
    if (at === process.pid) return true;
  }
  return false;
}
