import type { Services } from "../services.ts";
import { execute } from "../spawner/execute.ts";
import { askAlong } from "./ask-along.ts";
import { resumeAttempt } from "./resume-attempt.ts";

/** Claims tasks and has them executed, as many at once as the store allows. */
export interface Dispatcher {
  start(): void;
  /** No new claims until what it answers with is called; holds may overlap. */
  hold(): () => void;
  /** No new claims; waits until the claim in progress has been answered. */
  stop(): Promise<void>;
  /** Waits until every task that was claimed has been given back. */
  settled(): Promise<void>;
}

/** Longest time between two looks at the queue, in case a wake-up was missed. */
const LOOK_MS = 5000;

export function createDispatcher(services: Services): Dispatcher {
  let running = false;
  let holds = 0;
  let looking: Promise<void> | null = null;
  let again = false;
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe = (): void => {};
  const executing = new Set<Promise<void>>();
  const { queue } = services;
  const executed: Services = { ...services, queue: askAlong(queue, () => look()) };

  const claimAll = async (): Promise<void> => {
    const { settings, instanceId, log } = services;
    for (;;) {
      if (!running || holds > 0) return;
      const lease = await queue.claim({
        workerId: instanceId,
        leaseMs: settings.leaseMs,
        maxActive: settings.maxConcurrentAgents,
        maxPerWorker: settings.queueConcurrency,
      });
      if (lease === null) return;
      services.reach("queue.claimed");
      if (!running) {
        // Stopped while the claim was on its way: the task is due again at once, for whoever comes next.
        await queue.fail(lease, services.now().getTime());
        return;
      }
      if (await resumeAttempt(services, lease)) continue;
      const task = execute(executed, lease)
        .catch((error: unknown) =>
          log.error({ taskId: lease.taskId, err: error }, "a task could not be executed"),
        )
        .finally(() => {
          executing.delete(task);
          look();
        });
      executing.add(task);
    }
  };

  const look = (): void => {
    if (!running) return;
    again = true;
    looking ??= (async () => {
      while (again && running) {
        again = false;
        await claimAll().catch((error: unknown) =>
          services.log.error({ err: error }, "the queue could not be read"),
        );
      }
    })().finally(() => {
      looking = null;
      if (running) void wait();
    });
  };

  const wait = async (): Promise<void> => {
    const due = await queue.nextDueAt().catch(() => null);
    clearTimeout(timer);
    if (!running) return;
    const inMs = due === null ? LOOK_MS : Math.min(LOOK_MS, Math.max(0, due - services.now().getTime()));
    timer = setTimeout(look, Math.max(10, inMs));
  };

  return {
    start() {
      running = true;
      unsubscribe = queue.onAvailable(look);
      look();
    },
    hold() {
      holds += 1;
      let released = false;
      return () => {
        if (released) return;
        released = true;
        holds -= 1;
        if (holds === 0) look();
      };
    },
    async stop() {
      running = false;
      unsubscribe();
      clearTimeout(timer);
      await looking;
    },
    async settled() {
      while (executing.size > 0) await Promise.all(executing);
    },
  };
}
