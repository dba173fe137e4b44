import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { workspaceOf } from "./create.ts";
import { namesIn } from "./exists.ts";
import type { Workspace } from "./port.ts";
import { loadRecord } from "./record.ts";

/** Workspaces on disk. At a start all of them belong to agents of a former process, which died with it. */
export async function findLeftovers({ layout }: Pick<GitContext, "layout">): Promise<readonly Workspace[]> {
  const names = await namesIn(layout.private);
  const found = await Promise.all(
    names.map(async (name) => {
      const privateDir = join(layout.private, name);
      // One that cannot be read is put aside by the sweep.
      const record = await loadRecord(privateDir).catch(() => null);
      return record === null ? [] : [workspaceOf(privateDir, record)];
    }),
  );
  return found.flat();
}
