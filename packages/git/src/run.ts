import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { mkdirSync } from "node:fs";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { commandLine, type GitCall } from "./command-line.ts";
import { GitError, reasonOf, type GitErrorKind } from "./errors.ts";
import { killGroup } from "./kill-group.ts";

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const DEFAULT_TIMEOUT_MS = 60_000;
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const STDERR_TAIL_BYTES = 64 * 1024;
/** A helper that left the group could hold the pipes open for ever. Milliseconds after git itself has gone. */
const PIPE_GRACE_MS = 2_000;

export interface GitOptions {
  /** Name or path of the binary. Default `git`. */
  readonly binary?: string;
  /** An empty folder: git's HOME and working folder, so that nothing is discovered. */
  readonly home: string;
  /** PATH for git and what it starts (ssh). */
  readonly path?: string;
}

export interface GitResult {
  /** null only when stdout was cut. */
  readonly code: number | null;
  /** Empty when the call had a sink. */
  readonly stdout: Buffer;
  /** The last 64 KiB. */
  readonly stderr: string;
  readonly truncated: boolean;
}

/** git as this system runs it: no shell, no host environment, no configuration but ours. */
export interface Git {
  /**
   * Runs one command to its end. When it settles, no process of it is left.
   * @throws GitError; the signal's reason when it was aborted
   */
  run(call: GitCall): Promise<GitResult>;
}

/** @param options `home` is made when it does not exist */
export function createGit(options: GitOptions): Git {
  mkdirSync(options.home, { recursive: true, mode: 0o700 });
  return { run: (call) => run(options, call) };
}

interface Progress {
  /** Why we killed it, first reason wins. */
  stopped?: "abort" | GitErrorKind;
  cause?: unknown;
  bytes: number;
}

async function run(options: GitOptions, call: GitCall): Promise<GitResult> {
  const { args, env } = commandLine({ home: options.home, path: options.path ?? DEFAULT_PATH }, call);
  call.signal?.throwIfAborted();
  const child = start(options, call, { args, env });
  const progress: Progress = { bytes: 0 };
  const stop = (why: NonNullable<Progress["stopped"]>, cause?: unknown): void => {
    if (progress.stopped === undefined) Object.assign(progress, { stopped: why, cause });
    killGroup(child);
  };
  const onAbort = (): void => stop("abort");
  const timer = setTimeout(() => stop("timeout"), call.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  call.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const stdout: Buffer[] = [];
    const stderr = tail(child.stderr);
    const [code] = await Promise.all([
      ended(child, stop),
      feed(child, call.stdin, stop),
      drain(child.stdout, { call, progress, stop, keep: stdout }),
    ]);
    return outcome(call, { code, progress, stdout: Buffer.concat(stdout), stderr: stderr() });
  } finally {
    clearTimeout(timer);
    call.signal?.removeEventListener("abort", onAbort);
  }
}

function start(
  options: GitOptions,
  call: GitCall,
  { args, env }: ReturnType<typeof commandLine>,
): ChildProcessWithoutNullStreams {
  try {
    // A group of its own (detached): git's helpers (remote-https, ssh, index-pack) die with it.
    return spawn(options.binary ?? "git", args, { cwd: options.home, env, detached: true, stdio: "pipe" });
  } catch (cause) {
    throw new GitError(
      `git ${call.command} could not be started`,
      { kind: "unavailable", command: call.command },
      { cause },
    );
  }
}

type Stop = (why: NonNullable<Progress["stopped"]>, cause?: unknown) => void;

/** The exit code, after every process of the group is gone and the pipes are closed. */
function ended(child: ChildProcessWithoutNullStreams, stop: Stop): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("error", (error) => {
      stop("unavailable", error);
      if (child.pid === undefined) resolve(null);
    });
    let grace: NodeJS.Timeout | undefined;
    child.once("exit", () => {
      // git has gone, a helper may not have: it would hold the pipes open.
      killGroup(child);
      grace = setTimeout(() => child.stdio.forEach((pipe) => pipe?.destroy()), PIPE_GRACE_MS);
    });
    child.once("close", (code) => {
      clearTimeout(grace);
      resolve(code);
    });
  });
}

async function feed(
  child: ChildProcessWithoutNullStreams,
  input: GitCall["stdin"],
  stop: Stop,
): Promise<void> {
  const source = input instanceof Readable ? input : Readable.from(input === undefined ? [] : [input]);
  const broken: { by: "source" | "git" | null } = { by: source.destroyed ? "source" : null };
  source.once("error", () => (broken.by ??= "source"));
  child.stdin.once("error", () => (broken.by ??= "git"));
  child.stdin.once("close", () => (broken.by ??= "git"));
  try {
    await pipeline(source, child.stdin);
  } catch (error) {
    // A git that ends without reading everything breaks the pipe; its exit code is the answer to that.
    if (broken.by !== "git") stop("input", error);
  }
}

interface Drain {
  readonly call: GitCall;
  readonly progress: Progress;
  readonly stop: Stop;
  readonly keep: Buffer[];
}

async function drain(stdout: Readable, { call, progress, stop, keep }: Drain): Promise<void> {
  const limit = call.maxBytes ?? DEFAULT_MAX_BYTES;
  const capped = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const room = limit - progress.bytes;
      progress.bytes += chunk.length;
      if (chunk.length > room) stop("output_limit");
      done(null, chunk.length > room ? chunk.subarray(0, Math.max(room, 0)) : chunk);
    },
  });
  try {
    await pipeline(stdout, capped, call.sink ?? collector(keep));
  } catch (error) {
    stop("input", error);
  }
}

function collector(keep: Buffer[]): (source: AsyncIterable<Buffer>) => Promise<void> {
  return async (source) => {
    for await (const chunk of source) keep.push(chunk);
  };
}

function tail(stderr: Readable): () => string {
  let kept = Buffer.alloc(0);
  stderr.on("data", (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk]).subarray(-STDERR_TAIL_BYTES);
  });
  return () => kept.toString("utf8");
}

interface Ended {
  readonly code: number | null;
  readonly progress: Progress;
  readonly stdout: Buffer;
  readonly stderr: string;
}

function outcome(call: GitCall, { code, progress, stdout, stderr }: Ended): GitResult {
  const { stopped, cause } = progress;
  if (stopped === "abort") throw call.signal?.reason;
  if (stopped === "output_limit" && call.overflow === "cut") {
    return { code: null, stdout, stderr, truncated: true };
  }
  const accepted = code !== null && (call.accept ?? [0]).includes(code);
  if (stopped === undefined && accepted) return { code, stdout, stderr, truncated: false };
  const kind = stopped ?? "failed";
  throw new GitError(
    `git ${call.command} ${sentence(kind, call, code)}${because(stderr)}`,
    { kind, command: call.command, code, stderr },
    cause === undefined ? undefined : { cause },
  );
}

function sentence(kind: GitErrorKind, call: GitCall, code: number | null): string {
  const sentences: Record<GitErrorKind, string> = {
    refused: "was refused",
    unavailable: "could not be started; install git 2.38 or newer",
    timeout: `took longer than ${call.timeoutMs ?? DEFAULT_TIMEOUT_MS} ms and was killed`,
    output_limit: `wrote more than ${call.maxBytes ?? DEFAULT_MAX_BYTES} bytes and was killed`,
    input: "was killed because its input or output broke off",
    failed: code === null ? "was killed from outside" : `failed with exit code ${code}`,
  };
  return sentences[kind];
}

function because(stderr: string): string {
  const reason = reasonOf(stderr);
  return reason === "" ? "" : `: ${reason}`;
}
