import { AttemptFailure } from "@mosaic/domain";
import type { KillOutcome, SandboxExit, SandboxProcess } from "@mosaic/sandbox";
import { exitFailure } from "../exit-failure.ts";
import { guardTurn, type GuardOptions } from "../guard-turn.ts";
import type { Session, SessionEvent, Turn } from "../port.ts";
import { readLines, type LineLimits } from "../read-lines.ts";

interface Launched {
  readonly sandboxed: SandboxProcess;
  readonly memoryMb: number;
}

export interface CommandSessionOptions extends Pick<GuardOptions, "timeoutMs" | "graceMs" | "beginPrompt"> {
  readonly sandbox: string;
  /** For each process. */
  readonly output: LineLimits;
  /** Goes before each prompt, as does the first one: a program remembers nothing. */
  readonly system: string;
  /** Starts the process of a turn. */
  readonly launch: (prompt: string, turn: number) => Promise<Launched>;
}

const STDERR_KEPT = 8_192;
const KILLED: SandboxExit = { code: null, signal: "SIGKILL", outOfMemory: false, outOfProcesses: false };
const NOTHING: KillOutcome = { survivors: [], durationMs: 0 };

/** A session whose every turn is a process of its own. It ends with the first that fails, or when it is killed. */
export function createCommandSession(options: CommandSessionOptions): Session {
  const exited = Promise.withResolvers<SandboxExit>();
  let failure: AttemptFailure | null = null;
  let turns = 0;
  let task: string | null = null;
  let current: Promise<Launched> | null = null;
  let stopping = false;

  function fail(error: AttemptFailure, exit: SandboxExit): AttemptFailure {
    failure ??= error;
    exited.resolve(exit);
    return failure;
  }

  async function run(text: string, onEvent: (event: SessionEvent) => void): Promise<Turn> {
    turns += 1;
    task ??= text;
    const words = [options.system, task, ...(turns === 1 ? [] : [text])];
    const launching = options.launch(words.join("\n\n"), turns);
    current = launching;
    stopping = false;
    const { sandboxed, memoryMb } = await launching.catch((error: unknown) => {
      if (error instanceof AttemptFailure) fail(error, KILLED);
      throw error;
    });
    const { exit, overflow, stderr } = await read(sandboxed, onEvent);
    if (failure !== null) throw fail(failure, exit);
    if (overflow !== null)
      throw fail(new AttemptFailure("output_limit", `the agent was stopped: ${overflow}`), exit);
    if (stopping) return { outcome: "cancelled", requests: 0 };
    if (exit.code === 0) return { outcome: "done", requests: 0 };
    throw fail(exitFailure(exit, stderr, memoryMb), exit);
  }

  async function read(sandboxed: SandboxProcess, onEvent: (event: SessionEvent) => void) {
    let stderr = "";
    let overflow: string | null = null;
    const lines = readLines(sandboxed.stdout, options.output, {
      onLine: (text) => failure === null && onEvent({ type: "text", text }),
      onOverflow(why) {
        overflow = why;
        sandboxed.kill().catch(() => undefined);
      },
    });
    sandboxed.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr = (stderr + text).slice(-STDERR_KEPT);
    });
    // What is written there is only its end, which it may have come before.
    sandboxed.stdin.on("error", () => undefined);
    if (stopping) sandboxed.stdin.end();
    const [exit] = await Promise.all([sandboxed.exited, lines.ended]);
    return { exit, overflow: overflow as string | null, stderr };
  }

  const session: Session = {
    sandbox: options.sandbox,
    exited: exited.promise,
    async prompt(text, onEvent, signal) {
      if (failure !== null) throw failure;
      if (current !== null) throw new Error("the session already has a turn; wait for its end");
      if (signal?.aborted === true) return { outcome: "cancelled", requests: 0 };
      const ended = run(text, onEvent).finally(() => {
        current = null;
      });
      return guardTurn(ended, { ...options, session, signal });
    },
    cancel() {
      stopping = true;
      // The relay inside takes the end of its input as the wish that the program stop, and sends it SIGTERM.
      current?.then(({ sandboxed }) => sandboxed.stdin.end()).catch(() => undefined);
    },
    async kill() {
      failure ??= new AttemptFailure("killed", "the agent was killed");
      const launched = await current?.catch(() => null);
      const outcome = (await launched?.sandboxed.kill()) ?? NOTHING;
      exited.resolve((await launched?.sandboxed.exited) ?? KILLED);
      return outcome;
    },
  };
  return session;
}
