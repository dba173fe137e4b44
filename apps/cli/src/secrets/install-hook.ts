import { chmod, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { CommandContext } from "../commands/context.ts";
import { CliError, EXIT } from "../exit.ts";
import { createGit, requireTop } from "./git.ts";

export interface HookFlags {
  readonly force?: boolean;
}

/** Tells our hooks from others'. */
const MARK = "# Installed by `mosaic secrets install-hook`.";

/** The hooks git-secrets installs, but for merges git's own hook for these. Each gets its own arguments of the scan. */
const HOOKS: Readonly<Record<string, string>> = {
  "pre-commit": '--staged "$(git rev-parse --show-toplevel)"',
  "pre-merge-commit": '--staged "$(git rev-parse --show-toplevel)"',
  "commit-msg": '--message "$1"',
};

/**
 * `mosaic secrets install-hook`: from now on commits of this repository are scanned first. Respects core.hooksPath.
 * `program` is the command line that starts this CLI. @throws CliError when somebody else's hook is there
 */
export async function installHook(
  context: CommandContext,
  path: string | undefined,
  { flags, program }: { readonly flags: HookFlags; readonly program: readonly string[] },
): Promise<void> {
  const { terminal, cwd, env } = context;
  const target = resolve(cwd, path ?? ".");
  const git = createGit(target, env);
  const top = await requireTop(git, target);
  // Relative answers are relative to where git was asked.
  const asked = (await git.run(["rev-parse", "--git-path", "hooks"])).toString().replace(/\n$/, "");
  const folder = resolve(target, asked);
  const foreign: string[] = [];
  for (const name of Object.keys(HOOKS)) if (await isForeign(join(folder, name))) foreign.push(name);
  if (foreign.length > 0 && flags.force !== true) {
    throw new CliError(EXIT.failure, `${folder} has hooks that are not Mosaic's: ${foreign.join(", ")}`, {
      hints: [
        'Call the scan from them: mosaic secrets scan --staged, and mosaic secrets scan --message "$1" in commit-msg.',
        "--force puts them aside (as <name>.before-mosaic) and installs ours.",
      ],
    });
  }
  await mkdir(folder, { recursive: true });
  for (const name of foreign) await rename(join(folder, name), join(folder, `${name}.before-mosaic`));
  for (const [name, args] of Object.entries(HOOKS))
    await writeHook(join(folder, name), script(program, args));
  if (terminal.json)
    terminal.jsonLine({ repository: top, folder, hooks: Object.keys(HOOKS), putAside: foreign });
  else terminal.line(`${Object.keys(HOOKS).join(", ")} in ${folder}`);
  terminal.say("commits with secrets are refused from now on; `git commit --no-verify` passes by the hooks");
}

async function isForeign(file: string): Promise<boolean> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text !== null && !text.includes(MARK);
}

/** A scan that cannot run refuses the commit: the shell's exit code is the hook's. */
function script(program: readonly string[], args: string): string {
  return `#!/bin/sh\n${MARK}\nexec ${program.map(quote).join(" ")} --quiet secrets scan ${args}\n`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

async function writeHook(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  await chmod(file, 0o755);
}
