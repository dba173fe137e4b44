import { setTimeout as pause } from "node:timers/promises";
import { identityOf, killProcess, type ProcessIdentity } from "../process-table.ts";
import { processesOf } from "./container-processes.ts";
import { isRemoved } from "./is-removed.ts";
import type { Progress } from "./progress.ts";

/** Between looks at what is left. Each look reads all of /proc, so they are few. */
const PAUSES_MS = [25, 50];

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
  await killAll(progress);
  for (let round = 0; ; round += 1) {
    const patience = pause(PAUSES_MS[round] ?? 100, "pending" as const);
    const outcome = await (removing === null ? patience : Promise.race([removing, patience]));
    if (outcome !== "pending") removing = null;
    const left = await killAll(progress);
    if (outcome === true && left.length === 0) return { removed: true };
    if (outcome !== "pending") await patience;
    removing ??= remove();
    quietSince = left.length > 0 ? null : (quietSince ?? performance.now());
    const isQuiet = quietSince !== null && performance.now() - quietSince > REMOVAL_MS;
    if (isQuiet && !progress.starting) return { removed: false };
  }
}

/** @returns the host ids it found */
async function killAll(progress: Progress): Promise<number[]> {
  // With its init the kernel ends all of it, however busy it is.
  if (progress.init !== null) killOne(progress.init.process);
  const found = await processesOf(progress);
  for (const pid of found) {
    const target = identityOf(pid);
    if (target !== null) killOne(target);
  }
  return found;
}

function killOne(target: ProcessIdentity): void {
  try {
    killProcess(target);
  } catch (error) {
    // Another user's: then the engine is the one to kill it.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
  }
}
