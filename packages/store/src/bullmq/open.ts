import { randomUUID } from "node:crypto";
import { StoreUnavailableError } from "../store-error.ts";
import type { TaskQueue } from "../task-queue.ts";
import type { Link } from "../valkey/connect.ts";
import { openAvailability } from "./availability.ts";
import { createRun, type RunOperation } from "./run.ts";
import { createTaskQueue } from "./task-queue.ts";

const SILENCE_MS = 5000;

export interface BullQueueOptions {
  /** The caller's, who closes it after the queue. */
  readonly link: Link;
  /** Told of what a listener of `onAvailable` threw, and once when the announcements of other processes are lost. */
  readonly onListenerError: (error: unknown) => void;
  /** What `orchestrator:epoch` must be at every operation. Without it an emptied database looks like an idle one. */
  readonly epoch?: string;
  /** Milliseconds since the epoch, instead of the server's clock; for tests. */
  readonly now?: () => number;
  /** This process' clock, which callers' times are by. */
  readonly localNow?: () => number;
  /** Never the same twice, over restarts and restored backups: an old token must stay worth nothing. */
  readonly newToken?: () => string;
  /** Longest silence of the server before its announcements are taken for lost, in milliseconds, twice. */
  readonly silenceMs?: number;
}

export interface BullQueue {
  readonly queue: TaskQueue;
  /** Stops listening, and refuses what comes later (`closed`). The link stays open. */
  close(): Promise<void>;
}

/**
 * The task queue on BullMQ and Valkey (or Redis, 7.0 or newer), for any number of processes. Each operation is one function
 * of the server, done wholly or not at all. Errors beside the port's: `StoreUnavailableError` (`crashed`: the connection
 * was lost before the answer; a claim that succeeded all the same ends with its lease), `CorruptRecordError`,
 * `InvalidChangeError`.
 * @throws StoreUnavailableError when the server cannot be reached now
 */
export async function createBullQueue(options: BullQueueOptions): Promise<BullQueue> {
  const { link, onListenerError, epoch, now, silenceMs = SILENCE_MS } = options;
  const { localNow = Date.now, newToken = randomUUID } = options;
  const run = await createRun(link);
  let closed = false;
  const runWhileOpen: RunOperation = async (operation, args) => {
    if (closed) throw new StoreUnavailableError("closed", "the queue was closed; open it again to use it");
    return await run(operation, args);
  };
  const availability = await openAvailability({ link, onError: onListenerError, silenceMs });
  return {
    queue: createTaskQueue({ run: runWhileOpen, availability, now, localNow, epoch, newToken }),
    async close() {
      closed = true;
      availability.close();
    },
  };
}
