/** What came of many calls that were made at once. */
export interface Race<T> {
  readonly won: readonly T[];
  readonly lost: readonly unknown[];
}

/** Starts `count` calls in the same turn of the event loop and waits for all of them. */
export async function race<T>(count: number, call: (index: number) => Promise<T>): Promise<Race<T>> {
  const results = await Promise.allSettled(Array.from({ length: count }, (_, index) => call(index)));
  const won: T[] = [];
  const lost: unknown[] = [];
  for (const result of results) {
    if (result.status === "fulfilled") won.push(result.value);
    else lost.push(result.reason);
  }
  return { won, lost };
}

/** The error a call ends with; throws when it does not end with one. */
export async function errorOf(call: Promise<unknown>): Promise<unknown> {
  try {
    await call;
  } catch (error) {
    return error;
  }
  throw new Error("the call was expected to be refused, but it was answered");
}
