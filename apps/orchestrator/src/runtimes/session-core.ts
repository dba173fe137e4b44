import { AttemptFailure } from "@mosaic/domain";
import type { SandboxProcess } from "@mosaic/sandbox";
import { exitFailure } from "./exit-failure.ts";
import { guardTurn, type GuardOptions } from "./guard-turn.ts";
import type { Session, SessionEvent, Turn } from "./port.ts";

export interface SessionCoreOptions extends Pick<GuardOptions, "timeoutMs" | "graceMs" | "beginPrompt"> {
  /** Name of the sandbox's adapter. */
  readonly sandbox: string;
  readonly sandboxed: SandboxProcess;
  readonly memoryMb: number;
  /** Settles when all that the process wrote has been read: what it said before its end still counts. */
  readonly drained: Promise<void>;
  /** Sends a prompt to the process. */
  readonly onPrompt: (text: string) => void;
  /** Asks the process to stop its turn; called only during one. */
  readonly onCancel: () => void;
  /** Called once, with what ended the session. */
  readonly onFailure?: (failure: AttemptFailure) => void;
}

/** What is alike in every session with one process: one turn at a time, one end, and everybody who waits is told. */
export interface SessionCore {
  readonly session: Session;
  /** Why nothing more will come, or null. */
  readonly failure: AttemptFailure | null;
  /** Without a turn this is the late end of one that was cancelled, and nobody is told. */
  emit(event: SessionEvent): void;
  /** False when there was no turn to end. */
  endTurn(turn: Turn): boolean;
  /** Ends the session and the process; the first reason stays. */
  giveUp(failure: AttemptFailure): void;
}

interface WaitingTurn {
  readonly resolve: (turn: Turn) => void;
  readonly reject: (error: unknown) => void;
  readonly onEvent: (event: SessionEvent) => void;
}

const STDERR_KEPT = 8_192;

export function createSessionCore(options: SessionCoreOptions): SessionCore {
  const { sandboxed } = options;
  let failure: AttemptFailure | null = null;
  let turn: WaitingTurn | null = null;
  let stderr = "";

  function fail(error: AttemptFailure): void {
    if (failure !== null) return;
    failure = error;
    options.onFailure?.(error);
    turn?.reject(error);
    turn = null;
  }

  sandboxed.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
  });
  // Writing to a process that has ended fails; that it has ended is told below.
  sandboxed.stdin.on("error", () => undefined);
  void Promise.all([sandboxed.exited, options.drained]).then(
    ([exit]) => fail(exitFailure(exit, stderr, options.memoryMb)),
    (cause: unknown) => fail(new AttemptFailure("runtime", "the agent's process was lost", { cause })),
  );

  const session: Session = {
    sandbox: options.sandbox,
    exited: sandboxed.exited,
    async prompt(text, onEvent, signal) {
      if (failure !== null) throw failure;
      if (turn !== null) throw new Error("the session already has a turn; wait for its end");
      if (signal?.aborted === true) return { outcome: "cancelled", requests: 0 };
      const ended = new Promise<Turn>((resolve, reject) => {
        turn = { resolve, reject, onEvent };
      });
      options.onPrompt(text);
      return guardTurn(ended, { ...options, session, signal });
    },
    cancel() {
      if (turn !== null) options.onCancel();
    },
    async kill() {
      fail(new AttemptFailure("killed", "the agent was killed"));
      return sandboxed.kill();
    },
  };

  return {
    session,
    get failure() {
      return failure;
    },
    emit: (event) => turn?.onEvent(event),
    endTurn(ended) {
      if (turn === null) return false;
      turn.resolve(ended);
      turn = null;
      return true;
    },
    giveUp(error) {
      fail(error);
      void endQuietly(sandboxed);
    },
  };
}

/** Kills a process; what is left of it is asked for again, by whoever cleans up. */
async function endQuietly(sandboxed: SandboxProcess): Promise<void> {
  await sandboxed.kill().catch(() => undefined);
}

/** The failure of a process that does not do as its protocol says. */
export function offProtocol(why: string): AttemptFailure {
  return new AttemptFailure("runtime", `the agent's process does not follow the protocol: ${why}`);
}
