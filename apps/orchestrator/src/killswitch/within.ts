/** What came of waiting: the value, or nothing in time. */
export type Waited<T> = { readonly done: true; readonly value: T } | { readonly done: false };

/** Waits at most `ms` milliseconds. What comes later, a failure included, is nobody's any more. */
export async function within<T>(action: Promise<T>, ms: number): Promise<Waited<T>> {
  const { promise: late, resolve } = Promise.withResolvers<{ readonly done: false }>();
  const timer = setTimeout(() => resolve({ done: false }), ms);
  // Raced, a failure that comes late would be nobody's, and end the process.
  action.catch(() => undefined);
  try {
    return await Promise.race([action.then((value) => ({ done: true as const, value })), late]);
  } finally {
    clearTimeout(timer);
  }
}
