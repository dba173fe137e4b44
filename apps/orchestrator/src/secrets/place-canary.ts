import { chmod, mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Mount, SANDBOX_HOME } from "@mosaic/sandbox";
import type { Workspace } from "../git/port.ts";
import { type Canary, CANARY_FILE, CANARY_VARIABLE, canaryFile } from "./canary.ts";

/**
 * Puts a canary where somebody who looks for credentials finds it: in the agent's environment, and in a file of its
 * home, outside the tree. The file goes with the workspace. Without isolation there is only the variable: the home
 * would be a folder of this host.
 */
export async function placeCanary(
  canary: Canary,
  workspace: Workspace,
  { isolates }: { readonly isolates: boolean },
): Promise<{ readonly env: Readonly<Record<string, string>>; readonly mounts: readonly Mount[] }> {
  const env = { [CANARY_VARIABLE]: canary.value };
  if (!isolates) return { env, mounts: [] };
  const folder = join(workspace.privateDir, "home");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const source = join(folder, basename(CANARY_FILE));
  await writeFile(source, canaryFile(canary), { mode: 0o600 });
  // The folder is closed to others; the agent may be another user.
  await chmod(source, 0o644);
  return { env, mounts: [{ source, target: `${SANDBOX_HOME}/${CANARY_FILE}`, writable: false }] };
}
