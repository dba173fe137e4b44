import type { Readable } from "node:stream";
import { SandboxError, type KillOutcome, type SandboxExit, type SandboxProcess } from "./port.ts";

export interface CollectOptions {
  /** Cap for each of stdout and stderr, in bytes. */
  readonly maxBytes: number;
  /**
   * `tail`: keep the last bytes and let it run on (output for people). `kill`: keep the first bytes and kill it, since
   * cut data is worthless. Default `kill`.
   */
  readonly overflow?: "tail" | "kill";
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
  /** Written to stdin, which is then closed. */
  readonly stdin?: string | Uint8Array;
}

export interface Collected extends SandboxExit {
  /** null (with signal SIGKILL) whenever it was killed: for time, for output, by the signal. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly timedOut: boolean;
  readonly aborted: boolean;
  /** stdout or stderr is not complete. With `kill` also: it was killed for it. */
  readonly truncated: boolean;
  readonly durationMs: number;
}

/**
 * Runs a sandboxed process to its end and gives what it wrote. Waits for the end of the streams as well as of the
 * process. What was killed never has code 0, even if it managed to end just before.
 *
 * @throws SandboxError when it had to be killed and something was left
 */
export async function collect(sandboxed: SandboxProcess, options: CollectOptions): Promise<Collected> {
  const started = performance.now();
  const overflow = options.overflow ?? "kill";
  let reason: "time" | "output" | "signal" | null = null;
  const killed = Promise.withResolvers<never>();
  killed.promise.catch(() => undefined); // raced below; a kill after the end is nobody's concern

  const killAll = async () => {
    const outcome = await sandboxed.kill();
    if (outcome.survivors.length > 0) throw notGone(sandboxed, outcome);
  };
  const stop = (why: NonNullable<typeof reason>) => {
    if (reason !== null) return;
    reason = why;
    killAll().catch(killed.reject);
  };
  const stopForSignal = () => {
    stop("signal");
  };
  const onOverflow = () => {
    if (overflow === "kill") stop("output");
  };
  const stdout = gather(sandboxed.stdout, { maxBytes: options.maxBytes, overflow, onOverflow });
  const stderr = gather(sandboxed.stderr, { maxBytes: options.maxBytes, overflow, onOverflow });
  const timer = setTimeout(() => {
    stop("time");
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", stopForSignal, { once: true });
  if (options.signal?.aborted === true) stopForSignal();
  sandboxed.stdin.end(options.stdin ?? "");

  try {
    const [exit] = await Promise.race([
      Promise.all([sandboxed.exited, stdout.ended, stderr.ended]),
      killed.promise,
    ]);
    const wasKilled = reason !== null;
    return {
      code: wasKilled ? null : exit.code,
      signal: wasKilled ? "SIGKILL" : exit.signal,
      outOfMemory: exit.outOfMemory,
      outOfProcesses: exit.outOfProcesses,
      stdout: stdout.bytes(),
      stderr: stderr.bytes(),
      timedOut: reason === "time",
      aborted: reason === "signal",
      truncated: stdout.truncated() || stderr.truncated(),
      durationMs: performance.now() - started,
    };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", stopForSignal);
  }
}

function notGone(sandboxed: SandboxProcess, outcome: KillOutcome): SandboxError {
  return new SandboxError(
    `sandbox '${sandboxed.id}' was killed, but processes ${outcome.survivors.join(", ")} are still there after ${String(Math.round(outcome.durationMs))} ms; end them by hand`,
  );
}

interface Gathering {
  readonly ended: Promise<void>;
  bytes(): Buffer;
  truncated(): boolean;
}

interface GatherOptions {
  readonly maxBytes: number;
  readonly overflow: "tail" | "kill";
  readonly onOverflow: () => void;
}

/** Keeps the first or last bytes of a stream, and never many more than that in memory. */
function gather(stream: Readable, { maxBytes, overflow, onOverflow }: GatherOptions): Gathering {
  let chunks: Buffer[] = [];
  let kept = 0;
  let truncated = false;
  const compact = () => {
    const all = Buffer.concat(chunks);
    const cut =
      overflow === "tail" ? all.subarray(Math.max(0, all.length - maxBytes)) : all.subarray(0, maxBytes);
    chunks = [Buffer.from(cut)];
    kept = cut.length;
  };
  stream.on("data", (chunk: Buffer) => {
    if (truncated && overflow === "kill") return;
    chunks.push(chunk);
    kept += chunk.length;
    if (kept <= maxBytes) return;
    truncated = true;
    // A tail is cut only when it has doubled, so that long output is not copied for every chunk.
    if (overflow === "kill" || kept > 2 * maxBytes) compact();
    onOverflow();
  });
  return {
    ended: new Promise((resolve) => {
      if (stream.closed) resolve();
      stream.once("close", resolve);
    }),
    bytes: () => {
      compact();
      return chunks[0] ?? Buffer.alloc(0);
    },
    truncated: () => truncated,
  };
}
