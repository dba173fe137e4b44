import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { workspaceOf } from "./create.ts";
import type { Workspace } from "./port.ts";
import { findRecord, workspaceNames } from "./set-aside.ts";

/** Workspaces on disk. At a start all of them belong to agents of a former process, which died with it. */
export async function findLeftovers(context: Pick<GitContext, "layout">): Promise<readonly Workspace[]> {
  const names = await workspaceNames(context);
  const found = await Promise.all(
    names.map(async (name) => {
      // One that cannot be read is put aside by the sweep.
      const record = await findRecord(context, name).catch(() => null);
      return record === null ? [] : [workspaceOf(join(context.layout.private, name), record)];
    }),
  );
  return found.flat();
}
