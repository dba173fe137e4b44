import type { Engine } from "./engine.ts";

/** Asks for a container's removal, by id or name. False when it is still there, or nobody answers: ask again. */
export async function isRemoved(engine: Engine, container: string): Promise<boolean> {
  try {
    await engine.remove(container);
    return (await engine.inspect(container)) === null;
  } catch {
    return false; // it does not answer, or is at it
  }
}
