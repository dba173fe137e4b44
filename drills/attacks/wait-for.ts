import { setTimeout as pause } from "node:timers/promises";

const LIMIT_MS = 180_000;
const LOOK_MS = 20;

/** Looks until there is something. @throws Error when that takes too long */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | null>,
  limitMs = LIMIT_MS,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline) throw new Error(`${what} did not come about`);
    await pause(LOOK_MS);
  }
}
