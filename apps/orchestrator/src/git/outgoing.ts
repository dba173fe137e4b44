import { OBJECT_ID_PATTERN } from "@mosaic/domain";
import type { ObjectReader } from "@mosaic/git";
import { addedBlobs } from "./blobs.ts";
import type { GitContext } from "./context.ts";
import type { AddedBlob, OutgoingCommit } from "./port.ts";

/** A push of more commits than an agent and a person could have made is refused unseen. */
const MAX_COMMITS = 5000;
const MAX_MESSAGES_BYTES = 64 * 1024 * 1024;

type Reading = Pick<GitContext, "git" | "limits" | "facts">;

interface Place {
  readonly objects: ObjectReader;
  readonly mirror: string;
}

/**
 * Commits that a push of `commit` would add to the remote, oldest first, with what each adds to all of its parents.
 * What the remote's own branches have is left out, so that merging the base branch in brings nobody else's work up.
 * @throws when there are more than can be looked at
 */
export async function outgoingCommits(
  context: Reading,
  place: Place & { readonly baseCommit: string },
  commit: string,
): Promise<readonly OutgoingCommit[]> {
  const { mirror, baseCommit } = place;
  for (const id of [commit, baseCommit])
    if (!OBJECT_ID_PATTERN.test(id)) throw new Error(`'${id}' is not a commit's id`);
  const { stdout } = await context.git.run({
    command: "rev-list",
    gitDir: mirror,
    options: [
      "--topo-order",
      "--reverse",
      "--parents",
      `--max-count=${MAX_COMMITS + 1}`,
      "--not",
      "--remotes=origin",
      "--not",
    ],
    values: [commit, `^${baseCommit}`],
    timeoutMs: context.limits.localMs,
  });
  const lines = stdout
    .toString()
    .split("\n")
    .filter((line) => line !== "");
  if (lines.length > MAX_COMMITS)
    throw new Error(`more than ${MAX_COMMITS} commits would be pushed; they are not looked at one by one`);
  const commits: OutgoingCommit[] = [];
  for (const line of lines) {
    const [id = "", ...parents] = line.split(" ");
    commits.push({
      id,
      message: await messageOf(place.objects, id),
      blobs: await addedToAll(context, place, { id, parents }),
    });
  }
  return commits;
}

/** The whole commit object: names and addresses in it become public, too. */
async function messageOf(objects: ObjectReader, id: string): Promise<string> {
  const found = await objects.read(id, MAX_MESSAGES_BYTES);
  if (found?.type !== "commit") throw new Error(`the commit ${id} cannot be read`);
  return found.content.toString();
}

/** Of a merge, what is in none of its parents; the rest is scanned with the parent it came from. */
async function addedToAll(
  context: Reading,
  place: Place,
  { id, parents }: { readonly id: string; readonly parents: readonly string[] },
): Promise<readonly AddedBlob[]> {
  const [first, ...others] = parents;
  if (first === undefined) throw new Error(`the commit ${id} has no parent; it did not start from the base`);
  let added = await addedBlobs(context, { ...place, baseCommit: first }, id);
  for (const parent of others) {
    const also = await addedBlobs(context, { ...place, baseCommit: parent }, id);
    const keys = new Set(also.map(({ path, objectId }) => `${objectId} ${path}`));
    added = added.filter(({ path, objectId }) => keys.has(`${objectId} ${path}`));
  }
  return added;
}
