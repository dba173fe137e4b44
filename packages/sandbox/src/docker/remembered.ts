export interface Remembered<T> {
  readonly get: () => Promise<T>;
  /** The next `get` asks again. */
  readonly forget: () => void;
}

/** Asked once for all who ask; a failure is not kept, since its cause may have gone by the next time. */
export function remembered<T>(ask: () => Promise<T>): Remembered<T> {
  let answer: Promise<T> | null = null;
  const forget = () => {
    answer = null;
  };
  const get = async () => {
    answer ??= ask().catch((error: unknown) => {
      forget();
      throw error;
    });
    return await answer;
  };
  return { get, forget };
}
