import { FromWorker, type ToWorker } from "@mosaic/contracts";
import { AttemptFailure } from "@mosaic/domain";
import type { Session } from "../port.ts";
import { readLines, type LineLimits } from "../read-lines.ts";
import { createSessionCore, offProtocol, type SessionCoreOptions } from "../session-core.ts";

export interface WorkerSessionOptions extends Pick<
  SessionCoreOptions,
  "sandbox" | "sandboxed" | "memoryMb" | "timeoutMs" | "graceMs" | "beginPrompt"
> {
  readonly output: LineLimits;
}

export interface WorkerSession {
  readonly session: Session;
  /** Configures the worker and waits until it is ready. @throws AttemptFailure `runtime` */
  begin(start: Extract<ToWorker, { type: "start" }>, timeoutMs: number): Promise<void>;
}

interface Starting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A session with a worker in a sandbox, in the worker's protocol. What comes from it is checked, and counted. */
export function createWorkerSession(options: WorkerSessionOptions): WorkerSession {
  const { sandboxed } = options;
  let starting: Starting | null = null;

  const send = (message: ToWorker): void => {
    sandboxed.stdin.write(`${JSON.stringify(message)}\n`);
  };
  const lines = readLines(sandboxed.stdout, options.output, {
    onLine: take,
    onOverflow: (why) => core.giveUp(new AttemptFailure("output_limit", `the agent was stopped: ${why}`)),
  });
  const core = createSessionCore({
    ...options,
    drained: lines.ended,
    onPrompt: (text) => send({ type: "prompt", text }),
    onCancel: () => send({ type: "cancel" }),
    onFailure(failure) {
      starting?.reject(failure);
      starting = null;
    },
  });

  function take(line: string): void {
    if (core.failure !== null) return;
    const message = parse(line);
    const wrong =
      message === null ? `it wrote something else than a message: ${line.slice(0, 200)}` : handle(message);
    if (wrong !== null) core.giveUp(offProtocol(wrong));
  }

  /** Says what is wrong with a message, or null. */
  function handle(message: FromWorker): string | null {
    if (message.type === "ready") return onReady();
    if (message.type === "turn_end") return onTurnEnd(message);
    core.emit(message);
    return null;
  }

  function onReady(): string | null {
    if (starting === null) return "it said twice that it is ready";
    starting.resolve();
    starting = null;
    return null;
  }

  function onTurnEnd(ended: Extract<FromWorker, { type: "turn_end" }>): string | null {
    const { outcome, requests, message, status } = ended;
    const known = core.endTurn({
      outcome,
      requests,
      ...(message === undefined ? {} : { message }),
      ...(status === undefined ? {} : { status }),
    });
    return known ? null : "it ended a turn that nobody began";
  }

  return {
    session: core.session,
    async begin(start, timeoutMs) {
      const late = (): void => core.giveUp(offProtocol(`it was not ready after ${timeoutMs} ms`));
      const clock = setTimeout(late, timeoutMs);
      try {
        await new Promise<void>((resolve, reject) => {
          if (core.failure !== null) return reject(core.failure);
          starting = { resolve, reject };
          send(start);
        });
      } finally {
        clearTimeout(clock);
      }
    },
  };
}

function parse(line: string): FromWorker | null {
  try {
    return FromWorker.parse(JSON.parse(line));
  } catch {
    // Not JSON, not a message, or nested beyond reason: the session ends for each of them.
    return null;
  }
}
