import { AttemptFailure, OBJECT_ID_PATTERN } from "@mosaic/domain";
import { configEnvironment, hardenedConfig, hardenedEnvironment, reasonOf } from "@mosaic/git";
import { collect, type SandboxSpec } from "@mosaic/sandbox";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { commitTree } from "./commit-tree.ts";
import type { GitContext } from "./context.ts";
import { importObjects } from "./import-objects.ts";
import type { Workspace } from "./port.ts";
import { gitMounts, INSIDE } from "./private-git-dir.ts";
import { ownCommitsRef, resolve, setRef } from "./refs.ts";

/**
 * Runs inside, over the agent's own git directory. Prints every commit it reached by a ref or has ever been at (stashes
 * are such), with its parents, then an empty line and a pack of what the mirror lacks.
 */
const SCRIPT = `set -eu
commits=$(git rev-list --parents --all --reflog --not "$BASE")
[ -n "$commits" ] || exit 0
printf '%s\\n\\n' "$commits"
{ git rev-list --all --reflog --not "$BASE"; printf '^%s\\n' "$BASE"; } |
  git pack-objects --revs --stdout -q --local --window=0 --compression=1
`;

const INSIDE_PATH = "/usr/local/bin:/usr/bin:/bin";
/** Heads that one commit of ours holds together. */
const MOST_HEADS = 5000;

/**
 * Keeps the commits and stashes an agent made in its private git directory: under one ref, as parents of a commit of
 * ours. git runs over that directory, which the agent may have broken, in a sandbox only; what it answers is checked
 * like any object of an agent's. Staged files that were never committed are not looked at.
 * @param label of the sandbox; by default one that names the agent, with which it is killed
 * @returns what was kept, or null when the agent committed nothing
 * @throws when it cannot be made sure that all is kept
 */
export async function salvageOwnCommits(
  context: GitContext,
  workspace: Workspace,
  label = `snapshot:${workspace.agentId}`,
): Promise<string | null> {
  if (!(await hasObjects(join(workspace.privateDir, "git", "objects")))) return null;
  const { mirror, agentId, taskId } = workspace;
  const answer = await readOut(context, workspace, label);
  if (answer === null) return null;
  const { commits, pack } = answer;
  await importObjects(context, mirror, pack);
  const parents = new Set(commits.flatMap(([, ...ids]) => ids));
  const heads = commits.flatMap(([id]) => (id === undefined || parents.has(id) ? [] : [id]));
  const [newest] = heads;
  if (newest === undefined || heads.length > MOST_HEADS)
    throw new Error(`the agent's git directory has ${heads.length} heads`);
  const tree = await resolve(context.git, mirror, `${newest}^{tree}`);
  if (tree === null) throw new Error(`the commit ${newest} is not in the mirror`);
  const ref = ownCommitsRef(agentId);
  const former = await resolve(context.git, mirror, ref);
  const commit = await commitTree(context, mirror, {
    tree,
    parent: newest,
    moreParents: [...heads.slice(1), ...(former === null ? [] : [former])],
    subject: `Commits agent ${agentId} made itself`,
    body: `Each parent is a branch, stash or former position of its private git directory for task ${taskId}.`,
    at: context.now().toISOString(),
  });
  await setRef(context, mirror, { ref, commit });
  if ((await resolve(context.git, mirror, ref)) !== commit) throw new Error(`${ref} was not read back`);
  return `${commits.length} of its own, saved as ${ref}`;
}

/** Whether anything was ever stored there. What is not an ordinary folder is left to the sandbox. */
async function hasObjects(objects: string): Promise<boolean> {
  const found = await lstat(objects).catch(() => null);
  if (found === null) return false;
  if (!found.isDirectory()) return true;
  const names = await readdir(objects);
  if (names.some((name) => name !== "info" && name !== "pack")) return true;
  const pack = await lstat(join(objects, "pack")).catch(() => null);
  if (pack === null) return false;
  return !pack.isDirectory() || (await readdir(join(objects, "pack"))).length > 0;
}

interface OwnCommits {
  /** Each with its parents behind it, newest first. */
  readonly commits: readonly (readonly string[])[];
  readonly pack: Buffer;
}

async function readOut(context: GitContext, workspace: Workspace, label: string): Promise<OwnCommits | null> {
  const { snapshotBytes, salvageMs } = context.limits;
  const started = await context.sandbox.start(specOf(context, workspace, label));
  const result = await collect(started, { maxBytes: snapshotBytes, timeoutMs: salvageMs });
  if (result.code !== 0 || result.truncated) {
    const why = result.truncated ? "they are too large" : reasonOf(result.stderr.toString());
    throw new AttemptFailure("sandbox", `the agent's own commits could not be read: ${why || "no answer"}`);
  }
  if (result.stdout.length === 0) return null;
  const end = result.stdout.indexOf("\n\n");
  const lines = result.stdout.toString("latin1", 0, Math.max(end, 0)).split("\n");
  const commits = lines.map((line) => line.split(" "));
  if (!commits.flat().every((id) => OBJECT_ID_PATTERN.test(id)))
    throw new AttemptFailure("unsafe_tree", "the listing of the agent's own commits is not one");
  return { commits, pack: result.stdout.subarray(end + 2) };
}

function specOf({ newId, limits }: GitContext, workspace: Workspace, label: string): SandboxSpec {
  const [, git, objects] = gitMounts(workspace.privateDir, { ...workspace, writable: false });
  if (git === undefined || objects === undefined) throw new Error("a git directory has two mounts");
  return {
    id: `commits-${newId()}`,
    label,
    command: ["/bin/sh", "-c", SCRIPT],
    env: {
      ...hardenedEnvironment({ home: "/nonexistent", path: INSIDE_PATH }),
      ...configEnvironment([...hardenedConfig(), ["safe.directory", "*"]]),
      GIT_DIR: INSIDE.git,
      BASE: workspace.baseCommit,
    },
    cwd: INSIDE.git,
    mounts: [{ ...git, writable: false }, objects],
    scratch: [],
    limits: {
      memoryMb: 1024,
      fileBytes: limits.treeBytes,
      openFiles: 1024,
      tmpBytes: 1024 * 1024,
      processes: 256,
      cpus: 1,
    },
  };
}
