import { GitError } from "@mosaic/git";
import type { Repository } from "@mosaic/domain";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { fetchHeads } from "./mirror-fetch.ts";
import { sync } from "./sync.ts";

type Making = Pick<GitContext, "git" | "remotes" | "limits" | "layout" | "newId">;

const MARKER = "mosaic.json";
/** Name of a mirror that is being made. */
export const HALF_MADE = ".new-";

/**
 * Makes the mirror of a repository. It appears at `mirror` in one step, with everything in it, or not at all.
 */
export async function makeMirror(
  context: Making,
  repository: Repository,
  { mirror, signal }: { readonly mirror: string; readonly signal: AbortSignal },
): Promise<void> {
  const folder = join(context.layout.mirrors, `${HALF_MADE}${context.newId()}`);
  try {
    await fill(context, repository, { folder, signal });
    await writeFile(join(folder, MARKER), JSON.stringify({ version: 1, url: repository.url }));
    // git leaves these to the system, and a mirror without them is none: whatever was saved in it could not be found.
    for (const name of ["HEAD", "config", MARKER, "refs", "."]) await sync(join(folder, name));
    await rename(folder, mirror);
    await sync(context.layout.mirrors);
  } catch (error) {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    throw error;
  }
}

async function fill(
  context: Making,
  repository: Repository,
  { folder, signal }: { folder: string; signal: AbortSignal },
): Promise<void> {
  const init = async (format: "sha1" | "sha256"): Promise<void> => {
    const options = ["--quiet", "--bare", "--template=", `--object-format=${format}`];
    await context.git.run({ command: "init", options, values: [folder] });
    await fetchHeads(context, repository, { mirror: folder, signal });
  };
  try {
    await init("sha1");
  } catch (error) {
    if (!(error instanceof GitError && error.stderr.includes("mismatched algorithms"))) throw error;
    await rm(folder, { recursive: true });
    await init("sha256");
  }
}

/** Whether what lies at `mirror` is a whole mirror of `url`: made to its end, and every ref's object is there. */
export async function isSound(
  context: Pick<GitContext, "git">,
  mirror: string,
  url: string,
): Promise<boolean> {
  const marker = await readFile(join(mirror, MARKER), "utf8").catch(() => "");
  if (marker !== JSON.stringify({ version: 1, url })) return false;
  const { code } = await context.git.run({
    command: "for-each-ref",
    gitDir: mirror,
    options: ["--format=%(objecttype)"],
    accept: [0, 1, 128],
  });
  return code === 0;
}
