/** Knows what is being worked on, so that a shutdown can wait for it. */
export interface WorkTracker {
  /** Hands the outcome through. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when everything tracked has settled. */
  idle(): Promise<void>;
}

export function createWorkTracker(): WorkTracker {
  const running = new Set<Promise<unknown>>();
  return {
    async track(work) {
      running.add(work);
      try {
        return await work;
      } finally {
        running.delete(work);
      }
    },
    async idle() {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
