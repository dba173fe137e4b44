import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

/** One shell that is given the blocks of a guide, one after the other, as a person would type them. */
export interface GuideShell {
  /** Runs a block; every line must succeed. Gives what was printed meanwhile. */
  run(block: string): Promise<string>;
  /** Ends it with everything it has started. */
  close(): Promise<void>;
}

/** The fenced blocks of shell in a text, in order. */
export function shellBlocks(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^```sh\n([^]*?)^```$/gm)].map((match) => match[1] ?? "");
}

export function startGuideShell(env: Readonly<Record<string, string>>, cwd: string): GuideShell {
  // A process group of its own, so that what it leaves behind can be ended.
  const shell = spawn("bash", ["--noprofile", "--norc"], { env, cwd, detached: true });
  let printed = "";
  let check = (): void => undefined;
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    check();
  });
  // One stream, so that what was printed before the end of a block is there before it.
  shell.stdin.write("exec 2>&1\n");
  const ended = once(shell, "exit");
  let blocks = 0;
  return {
    async run(block) {
      blocks += 1;
      const mark = `end-of-block-${blocks}`;
      const from = printed.length;
      const found = Promise.withResolvers<number>();
      check = () => {
        const status = new RegExp(`${mark} (\\d+)\n`).exec(printed)?.[1];
        if (status !== undefined) found.resolve(Number(status));
      };
      shell.stdin.write(`failed=0; trap 'failed=$?' ERR\n${block}\nprintf '\\n${mark} %d\\n' $failed\n`);
      const status = await Promise.race([found.promise, ended.then(() => -1)]);
      const text = printed.slice(from);
      if (status !== 0) throw new Error(`the guide does not work (${status}):\n${block}\nprinted:\n${text}`);
      return text;
    },
    close: () => end(shell, ended),
  };
}

async function end(shell: ChildProcess, ended: Promise<unknown>): Promise<void> {
  try {
    process.kill(-(shell.pid ?? 0), "SIGKILL");
  } catch (error) {
    // Everything of it has ended.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  await ended;
}
