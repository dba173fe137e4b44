/** A set of listeners, each of which is called even when another one throws. */
export interface Listeners<T> {
  /** Returns the way to stop. */
  add(listener: (value: T) => void): () => void;
  call(value: T): void;
}

/** @param onError told of what a listener threw; it must not throw itself */
export function createListeners<T>(onError: (error: unknown) => void): Listeners<T> {
  const entries = new Set<{ readonly listener: (value: T) => void }>();
  return {
    add(listener) {
      // An entry of its own: the same function added twice is two listeners.
      const entry = { listener };
      entries.add(entry);
      return () => {
        entries.delete(entry);
      };
    },
    call(value) {
      for (const { listener } of Array.from(entries)) {
        try {
          listener(value);
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}
