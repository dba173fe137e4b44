import { setTimeout as pause } from "node:timers/promises";

const LIMIT_MS = 180_000;
const LOOK_MS = 20;

/** What there is now; false or null when there is nothing yet. */
type Look<T> = () => Promise<T | false | null>;

/** Looks until there is something. @throws Error when that takes too long */
export async function waitFor<T>(what: string, look: Look<T>, limitMs = LIMIT_MS): Promise<T> {
  const found = await lookFor(look, limitMs);
  if (found === null) throw new Error(`${what} did not come about`);
  return found;
}

/** The same where it is a finding that there is nothing: null when it takes too long. */
export async function lookFor<T>(look: Look<T>, limitMs = LIMIT_MS): Promise<T | null> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null && found !== false) return found;
    if (performance.now() > deadline) return null;
    await pause(LOOK_MS);
  }
}
