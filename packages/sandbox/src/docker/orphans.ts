import { setTimeout as pause } from "node:timers/promises";
import { processesInGroup } from "./container-processes.ts";
import type { FoundContainer } from "./engine-answers.ts";
import type { Engine } from "./engine.ts";
import { isOrphaned, LABELS } from "./owner.ts";

/** Longest wait for one container to be gone, in milliseconds, and how often it is looked at. */
const REMOVAL_MS = 10_000;
const PAUSE_MS = 50;

export interface OrphanOptions {
  /** Of this adapter. */
  readonly instance: string;
  /** Whether a sandbox of this adapter is on its way or running. */
  readonly isLive: (id: string) => boolean;
}

/**
 * Removes containers whose maker is gone, never started ones included, and those of this adapter that an engine which
 * did not answer kept. Those of other processes that live, or may, are left alone.
 *
 * @returns labels of what was removed
 * @throws Error when processes of one are still there
 */
export async function removeOrphans(engine: Engine, options: OrphanOptions): Promise<readonly string[]> {
  const found = await engine.list([LABELS.instance]);
  const orphans = found.filter(({ Labels }) => isLeftBehind(Labels, options));
  await Promise.all(orphans.map(async (orphan) => await removeOne(engine, orphan)));
  return orphans.map(({ Labels }) => Labels[LABELS.label] ?? "");
}

function isLeftBehind(labels: FoundContainer["Labels"], { instance, isLive }: OrphanOptions): boolean {
  if (labels[LABELS.instance] === instance) return !isLive(labels[LABELS.id] ?? "");
  return isOrphaned(labels);
}

/** An engine that is removing it already says so with 409. */
async function removed(engine: Engine, id: string): Promise<void> {
  const deadline = performance.now() + REMOVAL_MS;
  for (;;) {
    const failure = await engine.remove(id).then(
      () => null,
      (error: unknown) => error,
    );
    if ((await engine.inspect(id)) === null) return;
    if (performance.now() > deadline)
      throw new Error(`container ${id} cannot be removed; remove it by hand (docker rm -f ${id})`, {
        cause: failure,
      });
    await pause(PAUSE_MS);
  }
}

async function removeOne(engine: Engine, { Id, Labels }: FoundContainer): Promise<void> {
  await removed(engine, Id);
  const left = await processesInGroup(Id);
  if (left.length > 0)
    throw new Error(
      `container ${Id} (${Labels[LABELS.label] ?? ""}) was removed, but its processes ${left.join(", ")} are still there; end them by hand`,
    );
}
