import { setTimeout as pause } from "node:timers/promises";
import type { Engine } from "./engine.ts";
import { isRemoved } from "./is-removed.ts";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** How long a container is looked for that an engine was asked to make, and said nothing. */
const MAY_COME_MS = 600_000;

/**
 * Goes on asking for the removal of a container whose processes are gone, until the engine has done it. Does not keep this
 * process alive: what is left then is removed as an orphan by the next.
 */
export async function removeLater(
  engine: Engine,
  { name, mayCome }: { readonly name: string; readonly mayCome: boolean },
): Promise<void> {
  const until = performance.now() + (mayCome ? MAY_COME_MS : 0);
  let wait = FIRST_PAUSE_MS;
  while (!(await isRemoved(engine, name)) || performance.now() < until) {
    await pause(wait, undefined, { ref: false });
    wait = Math.min(2 * wait, LONGEST_PAUSE_MS);
  }
}
