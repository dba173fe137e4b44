import { FromWorker, type ToWorker } from "@mosaic/contracts";
import { AttemptFailure } from "@mosaic/domain";
import type { SandboxProcess } from "@mosaic/sandbox";
import { describeExit } from "./describe-exit.ts";
import { readLines, type LineLimits } from "./read-lines.ts";

export interface ChannelOptions {
  readonly sandboxed: SandboxProcess;
  readonly memoryMb: number;
  readonly output: LineLimits;
  /** Says what is wrong with a message, or null. */
  readonly onMessage: (message: FromWorker) => string | null;
  /** Called once, with what ended the channel. */
  readonly onFailure: (failure: AttemptFailure) => void;
}

/** The worker's protocol on the stdio of a sandboxed process. What comes from it is checked, and counted. */
export interface WorkerChannel {
  /** Why nothing more will come, or null. */
  readonly failure: AttemptFailure | null;
  send(message: ToWorker): void;
  /** Ends the channel; the first reason stays. */
  fail(failure: AttemptFailure): void;
  /** Ends the channel and the process. */
  giveUp(failure: AttemptFailure): void;
}

const STDERR_KEPT = 8_192;

export function createWorkerChannel(options: ChannelOptions): WorkerChannel {
  const { sandboxed } = options;
  let failure: AttemptFailure | null = null;
  let stderr = "";

  const channel: WorkerChannel = {
    get failure() {
      return failure;
    },
    send(message) {
      sandboxed.stdin.write(`${JSON.stringify(message)}\n`);
    },
    fail(error) {
      if (failure !== null) return;
      failure = error;
      options.onFailure(error);
    },
    giveUp(error) {
      channel.fail(error);
      void endQuietly(sandboxed);
    },
  };

  function take(line: string): void {
    if (failure !== null) return;
    const message = parse(line);
    const wrong =
      message === null
        ? `it wrote something else than a message: ${line.slice(0, 200)}`
        : options.onMessage(message);
    if (wrong !== null) channel.giveUp(offProtocol(wrong));
  }

  const lines = readLines(sandboxed.stdout, options.output, {
    onLine: take,
    onOverflow: (why) => channel.giveUp(new AttemptFailure("output_limit", `the agent was stopped: ${why}`)),
  });
  sandboxed.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  // Writing to a process that has ended fails; that it has ended is told below.
  sandboxed.stdin.on("error", () => undefined);
  // What it wrote before its end still counts: a turn may have ended just before the process did.
  void Promise.all([sandboxed.exited, lines.ended]).then(
    ([exit]) => channel.fail(new AttemptFailure("runtime", describeExit(exit, stderr, options.memoryMb))),
    (cause: unknown) =>
      channel.fail(new AttemptFailure("runtime", "the agent's process was lost", { cause })),
  );
  return channel;
}

/** Kills a process; what is left of it is asked for again, by whoever cleans up. */
async function endQuietly(sandboxed: SandboxProcess): Promise<void> {
  await sandboxed.kill().catch(() => undefined);
}

/** The failure of a process that does not do as the protocol says. */
export function offProtocol(why: string): AttemptFailure {
  return new AttemptFailure("runtime", `the agent's process does not follow the protocol: ${why}`);
}

function parse(line: string): FromWorker | null {
  try {
    return FromWorker.parse(JSON.parse(line));
  } catch {
    // Not JSON, not a message, or nested beyond reason: the session ends for each of them.
    return null;
  }
}
