import { IllegalTransitionError } from "@mosaic/domain";
import {
  type Applied,
  type Change,
  type Fence,
  isAway,
  LeaseLostError,
  type StateStore,
} from "@mosaic/store";
import { setTimeout as pause } from "node:timers/promises";

interface AttemptStateOptions {
  /** The claim the attempt works under, in its newest form. */
  readonly lease: () => Fence;
  /** How long a write waits for a store that cannot be reached, in milliseconds; null where it is on this machine. */
  readonly patienceMs: number | null;
  /** Whether somebody else writes the attempt's end: then nothing is tried again. */
  readonly given: () => boolean;
}

/** From a claim until the attempt that goes on under it has been told, in milliseconds, generously. */
const CLAIM_MS = 500;
/** Between two tries, in milliseconds. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/**
 * The store as one attempt writes to it: under its lease, so that nothing is written by an attempt that somebody else has
 * taken over; and with patience, since an agent's work is not given up because a server is away for a moment.
 * @throws LeaseLostError when the task is another's by now, and whatever the store throws after the patience
 */
export function attemptState(state: StateStore, options: AttemptStateOptions): StateStore {
  return {
    ...state,
    append: (events) => tryFor(options, ({ fence }) => state.append(events, fence)),
    patchAgent: (agentId, patch, at, events) =>
      tryFor(options, ({ fence }) => state.patchAgent(agentId, patch, at, events, fence)),
    transition: (change) =>
      tryFor(options, async ({ fence, unknown }) => {
        try {
          return await state.transition(change, fence);
        } catch (error) {
          if (!unknown || !isOwnMove(error)) throw error;
          return await applied(state, change);
        }
      }),
  };
}

interface Try {
  readonly fence: Fence;
  /** Whether an earlier try may have been written although nobody heard of it. */
  readonly unknown: boolean;
}

async function tryFor<T>(
  { lease, patienceMs, given }: AttemptStateOptions,
  write: (at: Try) => Promise<T>,
): Promise<T> {
  const until = performance.now() + (patienceMs ?? 0);
  let unknown = false;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const { taskId, token } = lease();
    try {
      return await write({ fence: { taskId, token }, unknown });
    } catch (error) {
      if (error instanceof LeaseLostError) {
        // Claimed anew by this very process, perhaps: then the attempt goes on under the newer claim in a moment.
        if (lease().token === token) await pause(CLAIM_MS);
        if (lease().token !== token) continue;
      }
      if (!isAway(error) || patienceMs === null || given() || performance.now() > until) throw error;
      unknown ||= error.code === "crashed";
      await pause(pauseMs);
    }
  }
}

/** The state is already what the move wanted: the try before was written. */
const isOwnMove = (error: unknown): boolean =>
  error instanceof IllegalTransitionError && error.current === error.wanted;

async function applied(state: StateStore, change: Change): Promise<Applied> {
  const agent = change.agent === undefined ? null : await state.getAgent(change.agent.agentId);
  const task = change.task === undefined ? null : await state.getTask(change.task.taskId);
  return {
    ...(agent === null ? {} : { agent }),
    ...(task === null ? {} : { task }),
    events: [],
  };
}
