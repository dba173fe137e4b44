import { mkdir, rmdir } from "node:fs/promises";
import { join } from "node:path";
import type { DependencyHealth } from "@mosaic/contracts";
import type { TaskQueue } from "@mosaic/store";
import { cleanLeftovers } from "../queue/recover.ts";
import type { Services } from "../services.ts";

const REASONS: Readonly<Record<string, string>> = {
  EROFS: "its file system is read-only",
  ENOSPC: "its disk is full",
  EDQUOT: "its disk quota is used up",
};

/**
 * Whether files can be made in the data folder: one is made, and removed. Nothing less tells: a mount that became
 * read-only under a running process does not show in a store whose files are open, and a disk that gave up still says
 * that it may be written to.
 */
export async function dataFolderHealth(home: string): Promise<DependencyHealth> {
  try {
    const probe = join(home, "probe");
    // One name for all: what a crash leaves of it is the next look's, and two looks at once do not disturb each other.
    await mkdir(probe).catch(unless("EEXIST"));
    await rmdir(probe).catch(unless("ENOENT"));
    return { ok: true, detail: `${home} can be written to` };
  } catch (error) {
    const { code = "", message } = error as NodeJS.ErrnoException;
    const detail = `the data folder ${home} cannot be written to: ${REASONS[code] ?? message}; no task is started until it can`;
    return { ok: false, detail };
  }
}

const unless =
  (expected: string) =>
  (error: NodeJS.ErrnoException): void => {
    if (error.code !== expected) throw error;
  };

/** The queue, with nothing to claim while the data folder cannot be written to: an attempt could only fail. */
export function claimsWhileWritable(
  queue: TaskQueue,
  options: {
    readonly home: string;
    /** Called once each time the folder is found not to be writable, and once when it is again. */
    readonly onChange: (health: DependencyHealth) => void;
  },
): TaskQueue {
  let writable = true;
  const look = async (): Promise<boolean> => {
    const health = await dataFolderHealth(options.home);
    if (health.ok !== writable) {
      writable = health.ok;
      options.onChange(health);
    }
    return writable;
  };
  return {
    ...queue,
    claim: async (request) => ((await look()) ? await queue.claim(request) : null),
    // What is due cannot be claimed now: whoever waits for it would look all the time.
    nextDueAt: async () => ((await look()) ? await queue.nextDueAt() : null),
  };
}

/** Saves and removes the workspaces of attempts that ended while nothing could be moved. Never throws. */
export async function cleanAbandoned(services: Services): Promise<void> {
  const { workspaces, registry, log } = services;
  try {
    const found = await workspaces.leftovers();
    const atWork = new Set(registry.all().map(({ agentId }) => agentId));
    await cleanLeftovers(
      services,
      found.filter(({ agentId }) => !atWork.has(agentId)),
    );
  } catch (error) {
    log.error(
      { err: error },
      "what was left in the data folder could not be cleaned up; the next start tries again",
    );
  }
}
