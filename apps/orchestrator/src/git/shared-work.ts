import { Mutex } from "async-mutex";

/** Work that runs one at a time and that callers share where they may. */
export interface SharedWork {
  /**
   * Waits for a run of `work` that begins after this call: what one finds is then at least as new as the call. Callers
   * that wait for a run that has not begun share it. The run's signal fires when every caller has gone; the last one to
   * go waits until the run has ended, so that nothing of it is left.
   */
  join(work: (signal: AbortSignal) => Promise<void>, signal?: AbortSignal): Promise<void>;
  /** Other work that nothing of the kind may run beside; nobody shares it. */
  alone<T>(work: () => Promise<T>): Promise<T>;
}

interface Run {
  readonly controller: AbortController;
  waiting: number;
  begun: boolean;
  done: Promise<void>;
}

export function createSharedWork(): SharedWork {
  const oneAtATime = new Mutex();
  let next: Run | null = null;

  const plan = (work: (signal: AbortSignal) => Promise<void>): Run => {
    const run: Run = { controller: new AbortController(), waiting: 0, begun: false, done: Promise.resolve() };
    run.done = oneAtATime.runExclusive(async () => {
      if (next === run) next = null;
      run.controller.signal.throwIfAborted();
      run.begun = true;
      await work(run.controller.signal);
    });
    // Whoever waits hears of a failure; when all have gone nobody does.
    run.done.catch(() => undefined);
    next = run;
    return run;
  };

  return {
    alone: (work) => oneAtATime.runExclusive(work),
    join: async (work, signal) => {
      signal?.throwIfAborted();
      const run = next ?? plan(work);
      run.waiting += 1;
      const leave = async (): Promise<void> => {
        run.waiting -= 1;
        if (run.waiting > 0) return;
        if (next === run) next = null;
        run.controller.abort(signal?.reason);
        // A run that has not begun waits for others; a kill does not.
        if (run.begun) await run.done.catch(() => undefined);
      };
      await untilAborted(run.done, signal, leave);
    },
  };
}

/** Settles like `work`, or, once the signal fires, rejects with its reason after `leave`. */
async function untilAborted(
  work: Promise<void>,
  signal: AbortSignal | undefined,
  leave: () => Promise<void>,
): Promise<void> {
  if (signal === undefined) return await work;
  let onAbort = (): void => undefined;
  const aborted = new Promise<"aborted">((resolve) => {
    onAbort = () => resolve("aborted");
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    const first = await Promise.race([work.then(() => "done" as const), aborted]);
    if (first === "done") return;
    await leave();
    throw signal.reason;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
