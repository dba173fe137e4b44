import type { FromWorker, ToWorker } from "@mosaic/contracts";
import { AttemptFailure } from "@mosaic/domain";
import { guardTurn, type GuardOptions } from "./guard-turn.ts";
import type { Session, SessionEvent, Turn } from "./port.ts";
import { createWorkerChannel, offProtocol, type ChannelOptions } from "./worker-channel.ts";

export interface WorkerSessionOptions
  extends
    Pick<ChannelOptions, "sandboxed" | "memoryMb" | "output">,
    Pick<GuardOptions, "timeoutMs" | "graceMs"> {
  readonly sandbox: string;
}

export interface WorkerSession extends Session {
  /** Configures the worker and waits until it is ready. @throws AttemptFailure `runtime` */
  begin(start: Extract<ToWorker, { type: "start" }>, timeoutMs: number): Promise<void>;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

interface WaitingTurn extends Waiting<Turn> {
  readonly onEvent: (event: SessionEvent) => void;
}

/** A session with a worker in a sandbox: one prompt at a time, and everything that waits is told when it is over. */
export function createWorkerSession(options: WorkerSessionOptions): WorkerSession {
  const { sandboxed } = options;
  let starting: Waiting<void> | null = null;
  let turn: WaitingTurn | null = null;

  const channel = createWorkerChannel({
    ...options,
    onMessage(message) {
      if (message.type === "ready") return onReady();
      if (message.type === "turn_end") return onTurnEnd(message);
      // Without a turn this is the late end of one that was cancelled.
      turn?.onEvent(message);
      return null;
    },
    onFailure(failure) {
      starting?.reject(failure);
      turn?.reject(failure);
      starting = null;
      turn = null;
    },
  });

  function onReady(): string | null {
    if (starting === null) return "it said twice that it is ready";
    starting.resolve();
    starting = null;
    return null;
  }

  function onTurnEnd({
    outcome,
    requests,
    message,
    status,
  }: Extract<FromWorker, { type: "turn_end" }>): string | null {
    if (turn === null) return "it ended a turn that nobody began";
    turn.resolve({
      outcome,
      requests,
      ...(message === undefined ? {} : { message }),
      ...(status === undefined ? {} : { status }),
    });
    turn = null;
    return null;
  }

  const session: WorkerSession = {
    sandbox: options.sandbox,
    exited: sandboxed.exited,
    async begin(start, timeoutMs) {
      const late = (): void => channel.giveUp(offProtocol(`it was not ready after ${timeoutMs} ms`));
      const clock = setTimeout(late, timeoutMs);
      try {
        await new Promise<void>((resolve, reject) => {
          if (channel.failure !== null) return reject(channel.failure);
          starting = { resolve, reject };
          channel.send(start);
        });
      } finally {
        clearTimeout(clock);
      }
    },
    async prompt(text, onEvent, signal) {
      if (channel.failure !== null) throw channel.failure;
      if (turn !== null) throw new Error("the session already has a turn; wait for its end");
      if (signal?.aborted === true) return { outcome: "cancelled", requests: 0 };
      const ended = new Promise<Turn>((resolve, reject) => {
        turn = { resolve, reject, onEvent };
      });
      channel.send({ type: "prompt", text });
      return guardTurn(ended, { ...options, session, signal });
    },
    cancel() {
      if (turn !== null) channel.send({ type: "cancel" });
    },
    async kill() {
      channel.fail(new AttemptFailure("killed", "the agent was killed"));
      return sandboxed.kill();
    },
  };
  return session;
}
