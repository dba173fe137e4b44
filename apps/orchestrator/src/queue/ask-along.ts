import type { TaskQueue } from "@mosaic/store";

/**
 * The queue for those who execute: an end makes a place free, and the next task is asked for along with it, not after its
 * answer. The store takes one after the other, so that no limit is passed; an end that is refused or lost frees nothing.
 * @param ask asks for the next task, if there is to be one
 */
export function askAlong(queue: TaskQueue, ask: () => void): TaskQueue {
  const along = (ended: Promise<void>): Promise<void> => {
    ask();
    return ended;
  };
  return {
    ...queue,
    complete: (lease) => along(queue.complete(lease)),
    fail: (lease, retryAt) => along(queue.fail(lease, retryAt)),
  };
}
