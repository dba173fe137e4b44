/** Answers to questions about object ids: what an id names never changes, so neither do they. */
export interface Memory<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/** Keeps the answers that were used last, at most so many of them, together no heavier than `weight`. */
export function createMemory<T>(limits: {
  readonly entries: number;
  readonly weight: number;
  readonly weigh: (value: T) => number;
}): Memory<T> {
  const kept = new Map<string, T>();
  let weight = 0;
  const forget = (key: string): void => {
    const value = kept.get(key);
    if (value === undefined) return;
    kept.delete(key);
    weight -= limits.weigh(value);
  };
  const set = (key: string, value: T): void => {
    forget(key);
    kept.set(key, value);
    weight += limits.weigh(value);
    for (const oldest of kept.keys()) {
      if (kept.size <= limits.entries && weight <= limits.weight) break;
      forget(oldest);
    }
  };
  return {
    get(key) {
      const value = kept.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
  };
}
