import { setTimeout as pause } from "node:timers/promises";
import { identityOf, isAlive, killProcess, type ProcessIdentity } from "../process-table.ts";
import { isStillIn, processesInGroup, processesOf } from "./container-processes.ts";
import { isRemoved } from "./is-removed.ts";
import type { Progress } from "./progress.ts";

/** Between looks at what is left. */
const PAUSES_MS = [25, 50];

/** For so long init alone is killed; then all that is still there is, one by one. */
const ALONE_MS = 500;

/** How long an engine may take to remove a container whose processes are gone, before that is left for later. */
const REMOVAL_MS = 2_000;

/**
 * Kills and removes a container, until nothing of it is left: its processes directly, which needs no engine, and the
 * container through the engine, in parallel. The scan of the host's processes is the proof that takes nobody's word.
 * Does not resolve while a start that was asked for may still bring it to life.
 *
 * @param launched when the start is over
 * @returns whether the engine has forgotten it, too
 */
export async function destroy(
  progress: Progress,
  launched: Promise<void>,
): Promise<{ readonly removed: boolean }> {
  const { engine } = progress;
  // A container whose making was not answered has no id yet; it is not started before it has.
  if (progress.id === null) await launched;
  if (engine === null) return { removed: true };
  // Tried again while it fails; what stays is told by `removed`.
  const remove = async (): Promise<boolean> => await isRemoved(engine, progress.id ?? progress.name);
  let removing: Promise<boolean> | null = remove();
  let quietSince: number | null = null;
  const killer = killerOf(progress);
  // Null when it cannot be known just now, as on a machine without a descriptor to spare: that is not empty.
  const killAll = async () => await killer().catch(() => null);
  await killAll();
  for (let round = 0; ; round += 1) {
    const patience = pause(PAUSES_MS[round] ?? 100, "pending" as const);
    const outcome = await (removing === null ? patience : Promise.race([removing, patience]));
    if (outcome !== "pending") removing = null;
    const left = await killAll();
    if (outcome === true && left?.length === 0) return { removed: true };
    if (outcome !== "pending") await patience;
    removing ??= remove();
    quietSince = left?.length === 0 ? (quietSince ?? performance.now()) : null;
    const isQuiet = quietSince !== null && performance.now() - quietSince > REMOVAL_MS;
    if (isQuiet && !progress.starting) return { removed: false };
  }
}

/**
 * Kills what is in a container, at each call. As long as its init is there, nobody needs to look for the others: the
 * kernel ends them with it and does not let it go before them. A look reads all of /proc, which is slow just when there
 * is much to kill.
 *
 * @returns host ids of what may be there still; once nothing was, without an init, nothing more comes to be there, unless
 * a start is under way
 */
function killerOf(progress: Progress): () => Promise<readonly number[]> {
  const began = performance.now();
  let isEmpty = false;
  return async () => {
    if (isEmpty) return [];
    const { init } = progress;
    if (init !== null) {
      killOne(init.process);
      if (isAlive(init.process) && performance.now() - began < ALONE_MS) return [init.process.pid];
    }
    const found = await lookThrough(progress);
    for (const pid of found) {
      const target = identityOf(pid);
      if (target !== null && isStillIn(progress, pid)) killOne(target);
    }
    isEmpty = found.length === 0 && init !== null && init === progress.init && !progress.starting;
    return found;
  };
}

/** By its init's namespace, and by its control group where there may be another init than the one that is known. */
async function lookThrough(progress: Progress): Promise<readonly number[]> {
  const { id, isSetUpFirst } = progress;
  const found = await processesOf(progress);
  return found.length > 0 || !isSetUpFirst || id === null ? found : await processesInGroup(id);
}

function killOne(target: ProcessIdentity): void {
  try {
    killProcess(target);
  } catch (error) {
    // Another user's: then the engine is the one to kill it.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}
