import type { GitVariable } from "@mosaic/git";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { namesIn } from "./exists.ts";

/** Ids of the objects that lie as single files in an object directory. */
export async function looseObjects(objects: string): Promise<readonly string[]> {
  const folders = (await namesIn(objects)).filter((name) => /^[0-9a-f]{2}$/.test(name));
  const ids = await Promise.all(
    folders.map(async (folder) => (await namesIn(join(objects, folder))).map((name) => folder + name)),
  );
  return ids.flat().filter((id) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id));
}

/** These objects as a pack. */
export async function packLoose(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  from: {
    readonly mirror: string;
    readonly env: Partial<Record<GitVariable, string>>;
    readonly ids: readonly string[];
  },
): Promise<Buffer> {
  const { stdout } = await git.run({
    command: "pack-objects",
    gitDir: from.mirror,
    options: ["--quiet", "--stdout", "--window=0", "--compression=1"],
    stdin: from.ids.map((id) => `${id}\n`).join(""),
    env: from.env,
    maxBytes: limits.snapshotBytes,
    timeoutMs: limits.localMs,
  });
  return stdout;
}
