import { hardenedConfig, hardenedEnvironment, type ConfigPair } from "./environment.ts";
import { GitError } from "./errors.ts";
import type { Readable, Writable } from "node:stream";
import type { RemoteAccess } from "./remotes.ts";

/**
 * Commands that may be run, and whether each takes `--end-of-options` before its values. Those that do not parse it
 * get none; a value that starts with '-' is refused for all of them.
 */
export const GIT_COMMANDS = {
  "cat-file": true,
  "commit-tree": false,
  "diff-tree": true,
  fetch: true,
  "for-each-ref": true,
  "index-pack": false,
  init: true,
  "ls-files": true,
  "ls-remote": true,
  "ls-tree": true,
  "merge-base": true,
  "merge-tree": true,
  "pack-objects": false,
  prune: true,
  push: true,
  "read-tree": true,
  repack: false,
  "rev-list": true,
  "rev-parse": true,
  "unpack-objects": false,
  "update-ref": true,
  version: false,
  worktree: true,
  "write-tree": true,
} as const;
export type GitCommand = keyof typeof GIT_COMMANDS;

const VARIABLES = [
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_AUTHOR_NAME",
  "GIT_AUTHOR_EMAIL",
  "GIT_AUTHOR_DATE",
  "GIT_COMMITTER_NAME",
  "GIT_COMMITTER_EMAIL",
  "GIT_COMMITTER_DATE",
] as const;
export type GitVariable = (typeof VARIABLES)[number];

/** One run of git. The argument vector becomes: globals, command, options, `--end-of-options`, values, `--`, paths. */
export interface GitCall {
  readonly command: GitCommand;
  readonly gitDir?: string;
  readonly workTree?: string;
  /** Second word of the command (`worktree add`) and options we wrote ourselves; `[flag, value]` where git wants two words. */
  readonly options?: readonly (string | readonly [flag: string, value: string])[];
  /** URLs, refs, ids, folders: what may come from outside. */
  readonly values?: readonly string[];
  /** Taken literally, never as patterns. */
  readonly paths?: readonly string[];
  /** Configuration on top of the hardened set, ours as well. */
  readonly config?: readonly ConfigPair[];
  readonly env?: Partial<Readonly<Record<GitVariable, string>>>;
  /** The only way to a network or another repository; without it every protocol is off. */
  readonly remote?: RemoteAccess;
  readonly stdin?: string | Uint8Array | Readable;
  /** Takes stdout instead of the result. It is ended when git ends. */
  readonly sink?: Writable;
  /** Most bytes of stdout. Default 16 MiB. */
  readonly maxBytes?: number;
  /** Over `maxBytes`: kill git and fail (default), or kill it and answer with what there is. */
  readonly overflow?: "fail" | "cut";
  /** Wall clock in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Exit codes that are answers. Default 0 only. */
  readonly accept?: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * What a command of ours has said is stored is on the disk: files are deleted on the strength of it. git's own default
 * leaves loose objects and references to the system (git-config(1), core.fsync).
 */
const DURABLE: ConfigPair = ["core.fsync", "objects,derived-metadata,reference"];
/** Commands that store what must not be lost. What the others write is made anew when it is. */
const STORING: ReadonlySet<GitCall["command"]> = new Set([
  "commit-tree",
  "fetch",
  "index-pack",
  "merge-tree",
  "repack",
  "unpack-objects",
  "update-ref",
  "write-tree",
]);

/** Options that run programs, write files or change what the hardened set says. No call of ours needs them. */
const FORBIDDEN_OPTION =
  /^(?:--(?:upload-pack|receive-pack|exec|open-files-in-pager|output|ext-diff|textconv|config|config-env|exec-path|recurse-submodules|filters|contents)(?:=|$)|-[cCO])/;

/**
 * The exact arguments and environment of a call. Pure, so that what runs can be looked at.
 * @throws GitError `refused` for an unknown command, a value that git could read as an option, or a control character
 */
export function commandLine(
  settings: { readonly home: string; readonly path: string },
  call: GitCall,
): { readonly args: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  if (!Object.hasOwn(GIT_COMMANDS, call.command)) throw refused(call, `'git ${call.command}' is not allowed`);
  const durable = STORING.has(call.command) ? [DURABLE] : [];
  const config = [...hardenedConfig(), ...durable, ...(call.remote?.config ?? []), ...(call.config ?? [])];
  const args = ["--no-pager"];
  if (call.gitDir !== undefined) args.push(`--git-dir=${absolute(call, call.gitDir)}`);
  if (call.workTree !== undefined) args.push(`--work-tree=${absolute(call, call.workTree)}`);
  for (const [key, value] of config) args.push("-c", `${key}=${value}`);
  args.push(call.command, ...optionWords(call));
  if (call.command === "push" && call.remote?.receivePack !== undefined)
    args.push(`--receive-pack=${call.remote.receivePack}`);
  const values = (call.values ?? []).map((value) => plainValue(call, value));
  if (values.length > 0 && GIT_COMMANDS[call.command]) args.push("--end-of-options");
  args.push(...values);
  if (call.paths !== undefined) args.push("--", ...call.paths.map((path) => withoutNul(call, path)));
  return { args, env: environment(settings, call) };
}

function optionWords(call: GitCall): string[] {
  return (call.options ?? []).flatMap((option) => {
    const [flag, value] = typeof option === "string" ? [option] : option;
    if (FORBIDDEN_OPTION.test(flag)) throw refused(call, `the option '${flag}' is not allowed`);
    return value === undefined ? [withoutNul(call, flag)] : [flag, plainValue(call, value)];
  });
}

function environment(settings: { home: string; path: string }, call: GitCall): Record<string, string> {
  const env = hardenedEnvironment(settings);
  for (const [name, value] of Object.entries(call.env ?? {})) {
    if (!VARIABLES.some((known) => known === name))
      throw refused(call, `the variable ${name} is not allowed`);
    env[name] = withoutNul(call, value);
  }
  if (call.remote === undefined) return env;
  return { ...env, ...call.remote.env, GIT_ALLOW_PROTOCOL: call.remote.protocol };
}

function plainValue(call: GitCall, value: string): string {
  if (value.startsWith("-"))
    throw refused(call, `the value '${value}' starts with '-', which git reads as an option`);
  return withoutNul(call, value);
}

function absolute(call: GitCall, path: string): string {
  if (!path.startsWith("/")) throw refused(call, `the folder '${path}' is not an absolute path`);
  return withoutNul(call, path);
}

function withoutNul(call: GitCall, text: string): string {
  if (text.includes("\0")) throw refused(call, "an argument contains a NUL character");
  return text;
}

function refused(call: GitCall, why: string): GitError {
  return new GitError(`git ${call.command} was not started: ${why}`, {
    kind: "refused",
    command: call.command,
  });
}
