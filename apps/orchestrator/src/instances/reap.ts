import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { FolderLockedError, type InstanceRecord, lockDataFolder } from "@mosaic/store";
import type { Workspaces } from "../git/port.ts";
import type { Kill } from "../killswitch/kill.ts";
import type { Services } from "../services.ts";
import { recordCleanUp } from "../spawner/clean-up.ts";
import { giveUp } from "./forget.ts";

interface Reaping {
  readonly kill: Kill;
  /** Workspaces in another data folder of this machine. */
  readonly openWorkspaces: (home: string) => Promise<Workspaces>;
}

/** Looks for lost orchestrators this often, in milliseconds. */
const ROUND_MS = 30_000;

export interface Reaper {
  /** Ends what runs and waits for it. */
  stop(): Promise<void>;
}

/** Looks after what orchestrators of this machine left that will not come back by themselves, now and again and again. */
export function startReaper(services: Services, reaping: Reaping): Reaper {
  let stopped = false;
  const round = async (): Promise<void> => {
    if (stopped) return;
    await reapLost(services, reaping).catch((error: unknown) =>
      services.log.error({ err: error }, "lost orchestrators could not be looked after"),
    );
  };
  let running = round();
  const timer = setInterval(() => {
    running = running.then(round);
  }, ROUND_MS);
  timer.unref();
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

/**
 * Saves and removes what lost orchestrators of this machine left, and takes them off the list. The lock of its data folder
 * tells whether one is dead: the kernel holds it for a process that is stopped or cut off, and such a one is left alone.
 * Its sandboxes ended with it.
 * @returns ids of the orchestrators that were looked after
 */
export async function reapLost(services: Services, reaping: Reaping): Promise<readonly string[]> {
  const reaped: string[] = [];
  for (const instance of await services.instances.list()) {
    const ours = instance.instanceId === services.instanceId || instance.home === services.settings.home;
    if (ours || instance.alive || instance.host !== hostname()) continue;
    if (await reap(services, reaping, instance)) reaped.push(instance.instanceId);
  }
  return reaped;
}

async function reap(services: Services, reaping: Reaping, instance: InstanceRecord): Promise<boolean> {
  const lock = takeLock(services, instance);
  if (lock === null) return false;
  try {
    const workspaces = await reaping.openWorkspaces(instance.home);
    await workspaces.sweep();
    for (const workspace of await workspaces.leftovers()) {
      const steps = await workspaces.remove(workspace);
      await recordCleanUp(services, workspace, steps);
    }
    await workspaces.close();
    // Sockets of agents that are gone.
    await rm(join(instance.home, "run"), { recursive: true, force: true });
    const why = "its process is gone, and what it left in its data folder was saved";
    const order = { by: "system", why };
    await giveUp(services, reaping.kill, { instance, order });
    services.log.info(
      { instanceId: instance.instanceId, home: instance.home },
      "looked after a lost orchestrator",
    );
    return true;
  } finally {
    lock.release();
  }
}

function takeLock(services: Services, { home }: InstanceRecord) {
  try {
    return lockDataFolder(home, Date.now, true);
  } catch (error) {
    // Somebody lives there, or the folder is not on this machine: only an admin can tell what became of it.
    const level = error instanceof FolderLockedError ? "debug" : "warn";
    services.log[level](
      { err: error, home },
      "the data folder of a lost orchestrator cannot be looked after",
    );
    return null;
  }
}
