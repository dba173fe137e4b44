import { readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { namesIn } from "./exists.ts";

interface GitProcess {
  readonly pid: number;
  readonly parent: number;
}

/**
 * Kills git processes on a data folder that no living process of Mosaic waits for: a git outlives a parent that was
 * killed, and would go on writing, or pushing. Only at a start, by the owner of the folder. Linux only; elsewhere
 * nothing is found. Answers with how many there were.
 */
export async function killFormerGit(root: string): Promise<number> {
  const ids = (await namesIn("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = (await Promise.all(ids.map((pid) => look(pid, root)))).filter((entry) => entry !== null);
  const parents = new Map(found.map(({ pid, parent }) => [pid, parent]));
  let killed = 0;
  for (const { pid } of found) {
    if (await hasOwner(pid, parents)) continue;
    try {
      process.kill(pid, "SIGKILL");
      killed += 1;
    } catch (error) {
      // It ended by itself in the meantime, which is as good.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
  return killed;
}

/** git is told its repository by an argument, its helpers by a variable; both lie in the folder that is locked. */
async function look(pid: number, root: string): Promise<GitProcess | null> {
  const read = (name: string): Promise<string> => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "");
  const [command, environment, stat] = await Promise.all([read("cmdline"), read("environ"), read("stat")]);
  const [program = "", ...args] = command.split("\0");
  const named =
    args.some((argument) => argument.startsWith(`--git-dir=${root}/`)) ||
    environment.split("\0").some((variable) => variable.startsWith(`GIT_DIR=${root}/`));
  if (!named || !/(?:^|\/)git(?:-[\w-]+)?$/.test(program)) return null;
  return { pid, parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]) };
}

/** Whether what started it still lives: this process, or a coordinator on the same folder. An orphan is init's. */
async function hasOwner(pid: number, parents: ReadonlyMap<number, number>): Promise<boolean> {
  let at = pid;
  for (let next = parents.get(at); next !== undefined; next = parents.get(at)) at = next;
  const program = await readlink(`/proc/${at}/exe`).catch(() => "");
  return program === process.execPath || basename(program) === "node";
}
