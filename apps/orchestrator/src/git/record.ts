import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

/** What must be known of a workspace to clean it up after a crash. Trusted: no sandbox sees the file. */
const WorkspaceRecord = z.object({
  version: z.literal(1),
  agentId: z.string(),
  taskId: z.string(),
  mirror: z.string(),
  baseBranch: z.string(),
  baseCommit: z.string(),
  tree: z.string(),
  /** null until it was made. */
  branch: z.string().nullable(),
  adminDir: z.string().nullable(),
  files: z.int(),
  /** An agent may have worked in it. */
  ready: z.boolean(),
  /** Paths that are other repositories in the base commit. */
  gitlinks: z.array(z.string()),
});
export type WorkspaceRecord = z.infer<typeof WorkspaceRecord>;

const FILE = "workspace.json";

export async function saveRecord(privateDir: string, record: WorkspaceRecord): Promise<void> {
  const path = join(privateDir, FILE);
  await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The record of a workspace, or null when there is none. @throws when it cannot be understood */
export async function loadRecord(privateDir: string): Promise<WorkspaceRecord | null> {
  const text = await readFile(join(privateDir, FILE), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  if (text === null) return null;
  return WorkspaceRecord.parse(JSON.parse(text));
}
