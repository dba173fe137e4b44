import { collect, type SandboxSpec } from "@mosaic/sandbox";
import { lastBytes, OUTPUT_TAIL_BYTES, plainText } from "./output.ts";
import { DiskFullError, guardDisk } from "./disk-guard.ts";
import type { Workbench } from "./workbench.ts";

/** What is kept of a command's output to judge it by. */
const KEPT_BYTES = 1024 * 1024;
/** Redacted before it is cut to the tail people see, so that no secret is cut in half and missed. */
const REDACTED_BYTES = 64 * 1024;

export interface CommandRun {
  readonly end: "exited" | "killed" | "timeout" | "disk_full";
  readonly exitCode: number | null;
  /** The end of what it printed, as plain text. Not redacted: only for judging. */
  readonly printed: string;
  /** The tail for people, redacted. */
  readonly output: string;
  readonly durationMs: number;
  /** What people should know when it did not exit by itself. */
  readonly message: string;
}

export interface CommandRequest {
  readonly spec: SandboxSpec;
  readonly timeoutMs: number;
  /** A folder on the disk the command writes to. */
  readonly disk: string;
  readonly signal: AbortSignal;
}

/**
 * Runs a command in a sandbox to its end, within time, output and disk limits.
 * @throws SandboxError when it could not be started or something of it survived; the signal's reason when aborted
 */
export async function runCommand(bench: Workbench, request: CommandRequest): Promise<CommandRun> {
  request.signal.throwIfAborted();
  const disk = await guardDisk(request.disk, bench.minFreeBytes);
  try {
    const process = await bench.sandbox.start(request.spec);
    const collected = await collect(process, {
      maxBytes: KEPT_BYTES,
      overflow: "tail",
      timeoutMs: request.timeoutMs,
      signal: AbortSignal.any([request.signal, disk.signal]),
      stdin: "",
    });
    request.signal.throwIfAborted();
    const printed = plainText(Buffer.concat([collected.stdout, collected.stderr]).toString("utf8"));
    return {
      ...ending(collected, disk.signal, request),
      printed,
      output: lastBytes(bench.redact(lastBytes(printed, REDACTED_BYTES)), OUTPUT_TAIL_BYTES),
      durationMs: Math.round(collected.durationMs),
    };
  } finally {
    disk.stop();
  }
}

function ending(
  collected: Awaited<ReturnType<typeof collect>>,
  disk: AbortSignal,
  { timeoutMs, spec }: CommandRequest,
): Pick<CommandRun, "end" | "exitCode" | "message"> {
  if (disk.aborted) {
    const message = disk.reason instanceof DiskFullError ? disk.reason.message : String(disk.reason);
    return { end: "disk_full", exitCode: null, message: `It was stopped: ${message}.` };
  }
  if (collected.timedOut) {
    return { end: "timeout", exitCode: null, message: `It was stopped after ${timeoutMs / 1000} s.` };
  }
  if (collected.outOfMemory) {
    const message = `It ran out of memory: the limit is ${spec.limits.memoryMb} MB.`;
    return { end: "killed", exitCode: collected.code, message };
  }
  if (collected.outOfProcesses) {
    const message = `It was ended, for it tried again and again to start more than ${spec.limits.processes} processes, which is the limit.`;
    return { end: "killed", exitCode: collected.code, message };
  }
  if (collected.code === null) {
    return { end: "killed", exitCode: null, message: `It was ended by ${collected.signal ?? "a signal"}.` };
  }
  return { end: "exited", exitCode: collected.code, message: `Exit code ${collected.code}.` };
}

/** A command line for the sandbox whose output keeps its order: standard error goes where standard output goes. */
export function shellCommand(script: string): readonly [string, ...string[]] {
  return ["/bin/sh", "-c", `exec 2>&1\n${script}`];
}

/** The environment of every command: nothing of the host's. */
export function commandEnvironment(path: readonly string[], home: string): Record<string, string> {
  return {
    PATH: path.join(":"),
    HOME: home,
    CI: "true",
    LANG: "C.UTF-8",
    NO_COLOR: "1",
    TERM: "dumb",
    TZ: "UTC",
  };
}
