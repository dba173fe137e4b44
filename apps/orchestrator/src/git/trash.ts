import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { GitContext, Trash } from "./context.ts";
import { moveIfThere } from "./exists.ts";

const execute = promisify(execFile);

export function createTrash({
  layout,
  newId,
  onProblem,
}: Pick<GitContext, "layout" | "newId" | "onProblem">): Trash {
  const running = new Set<Promise<void>>();
  const begin = (path: string): void => {
    const work = deleteTree(path)
      .catch((error: unknown) => onProblem(`${path} could not be deleted; the next start tries again`, error))
      .finally(() => running.delete(work));
    running.add(work);
  };
  return {
    take: async (path) => {
      const target = join(layout.trash, `${basename(path)}-${newId()}`);
      const moved = await moveIfThere(path, target);
      if (moved) begin(target);
      return moved;
    },
    empty: async () => {
      for (const name of await readdir(layout.trash)) begin(join(layout.trash, name));
    },
    settled: async () => {
      await Promise.all(running);
    },
  };
}

/**
 * Deletes a tree. Where Node cannot (folders that were made unwritable, or are nested beyond the longest path) the
 * system's tools can: neither follows a link below the path it is given.
 */
async function deleteTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    await execute("chmod", ["-R", "u+rwX", "--", path]).catch(() => undefined);
    await execute("rm", ["-rf", "--", path]);
  }
}
