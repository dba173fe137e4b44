import { spawn, type ChildProcess, type StdioOptions } from "node:child_process";
import { openSync } from "node:fs";
import type { Duplex, Readable, Writable } from "node:stream";
import { kept } from "../kept-output.ts";
import { SandboxError, type Mount, type SandboxSpec } from "../port.ts";
import { bubblewrapArguments, FD, gateCommand, type Features } from "./arguments.ts";
import type { Enclosure } from "./enclosure.ts";
import { ACCOUNT_FILES } from "./files.ts";

export interface Launch {
  readonly child: ChildProcess;
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly gate: Duplex;
  /** When bwrap itself has ended (its streams may still hold data). */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

export interface LaunchOptions {
  readonly bwrapPath: string;
  readonly mounts: readonly Mount[];
  readonly features: Features;
  readonly seccomp: Buffer | null;
  readonly enclosure: Enclosure;
  /** Descriptors this process was started with and hands on to its children unless they are covered. */
  readonly inheritable: readonly number[];
}

/**
 * Starts bwrap up to the point where the command waits for the word to run (`gate`). bwrap gets no environment of ours, and its own session: a Ctrl-C is for us to handle.
 */
export function launch(spec: SandboxSpec, options: LaunchOptions): Launch {
  const files = Object.values(ACCOUNT_FILES);
  const { prefix, ownProcesses } = options.enclosure;
  const bwrap = [options.bwrapPath, "--args", String(FD.args), "--", ...gateCommand(spec, ownProcesses)];
  const [program = options.bwrapPath, ...argv] = [...prefix, ...bwrap];
  const child = spawn(program, argv, {
    cwd: "/",
    env: {},
    detached: true,
    stdio: stdio(FD.firstFile + files.length, options.inheritable),
  });
  const pipe = (fd: number) => child.stdio[fd] as Duplex;
  for (const stream of child.stdio) {
    // A write to a sandbox that has ended fails with EPIPE or ECONNRESET. That it ended is told by `ended`.
    stream?.on("error", () => undefined);
  }
  const values = bubblewrapArguments(spec, options.mounts, {
    features: options.features,
    seccomp: options.seccomp !== null,
  });
  pipe(FD.args).end(values.map((value) => `${value}\0`).join(""));
  pipe(FD.seccomp).end(options.seccomp ?? "");
  for (const [index, content] of files.entries()) pipe(FD.firstFile + index).end(content);

  return {
    child,
    stdin: pipe(0),
    stdout: kept(pipe(1)),
    stderr: kept(pipe(2)),
    gate: pipe(FD.gate),
    ended: endOf(child, options.bwrapPath),
  };
}

/**
 * bwrap hands every descriptor it is given on to the command. One that we inherited from whoever started us could be
 * anything of the host's; /dev/null takes its place.
 */
function stdio(pipes: number, inheritable: readonly number[]): StdioOptions {
  const last = Math.max(pipes - 1, ...inheritable);
  return Array.from({ length: last + 1 }, (_, fd) => {
    if (fd < pipes) return "pipe";
    return inheritable.includes(fd) ? devNull() : "ignore";
  });
}

let nullDescriptor: number | null = null;

function devNull(): number {
  nullDescriptor ??= openSync("/dev/null", "r+");
  return nullDescriptor;
}

function endOf(child: ChildProcess, bwrapPath: string): Launch["ended"] {
  const ended = new Promise<Awaited<Launch["ended"]>>((resolve, reject) => {
    child.once("exit", (code, signal) => {
      resolve({ code, signal });
    });
    child.once("error", (error) => {
      reject(new SandboxError(`${bwrapPath} cannot be run: ${error.message}`, { cause: error }));
    });
  });
  ended.catch(() => undefined); // seen by whoever awaits it; a failed start may not come that far
  return ended;
}

/** Waits for the gate's `r`: true when all is set up, false when it ended before. */
export async function ready(gate: Duplex): Promise<boolean> {
  return await new Promise((resolve) => {
    gate.once("data", () => {
      resolve(true);
    });
    gate.once("close", () => {
      resolve(false);
    });
  });
}
