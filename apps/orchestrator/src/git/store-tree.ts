import { OBJECT_ID_PATTERN, AttemptFailure } from "@mosaic/domain";
import { reasonOf } from "@mosaic/git";
import { collect, SandboxError, type Collected, type SandboxSpec } from "@mosaic/sandbox";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { gitSandbox } from "./git-sandbox.ts";
import { importObjects } from "./import-objects.ts";
import { indexToStartFrom, keepIndex, second } from "./kept-index.ts";
import type { Workspace } from "./port.ts";
import { makeThrowAwayGitDir } from "./private-git-dir.ts";
import type { WorkspaceRecord } from "./record.ts";
import { checkTree, unsafeTree, type TreeFacts } from "./tree-check.ts";

interface StoreOptions {
  /**
   * Without it `.gitattributes` of the tree convert line ends and encodings, as a person's `git add` would. With it
   * every byte is taken as it lies there; what is in this commit already and has the same bytes is not stored again.
   */
  readonly verbatimFrom?: string;
  /** Of the sandbox. By default one that names the agent, with which it is killed. */
  readonly label?: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs inside. Prints the tree's id and, after it, a pack of the new objects. Without its alternates the git directory
 * holds exactly those. Every step is a command of its own, so that none can fail unseen; only the first may, for it
 * merely tells unchanged files from changed ones (`add` would write the unchanged ones again, since it cannot touch the
 * mirror's copy of them). For a verbatim reading the index is made anew, without times: an index of a snapshot calls a
 * file unchanged whose object holds other bytes, converted ones.
 */
const SCRIPT = `set -eu
[ -z "$READ_AGAIN" ] || git read-tree refs/heads/snapshot
git update-index -q --refresh || :
git add --all
git write-tree
rm "$GIT_DIR/objects/info/alternates"
git cat-file --batch-all-objects --unordered --batch-check='%(objectname)' > "$GIT_DIR/new-objects"
git pack-objects --quiet --stdout --window=0 --compression=1 < "$GIT_DIR/new-objects"
`;

/** What `git add` only warns about, though it means that it left something out. */
const LEFT_OUT = /^warning: .*(?:could not|unable to|cannot|denied).*$/m;
const NO_CONVERSION = "* !text !eol !crlf !ident !filter !working-tree-encoding\n";

/**
 * Stores the files of a workspace as a tree in the mirror and answers with its id. git reads them in a fresh sandbox
 * without network, with the tree read-only and a git directory of its own; what it answers is checked before it is kept.
 * @throws AttemptFailure `unsafe_tree`, `sandbox`; the signal's reason
 */
export async function storeTree(
  context: GitContext,
  subject: { readonly workspace: Workspace; readonly record: WorkspaceRecord },
  options: StoreOptions,
): Promise<string> {
  for (let reading = 1; ; reading += 1) {
    try {
      return await storeOnce(context, subject, options);
    } catch (error) {
      if (!(error instanceof MovingTreeError)) throw error;
      if (reading === READINGS)
        throw unsafeTree([`${error.message}: a process the agent left behind keeps changing files`]);
    }
  }
}

/** A file went away while git read the tree: nothing is wrong with what is there now. */
class MovingTreeError extends Error {}

/** Readings of a tree that changes under git's eyes, before it is given up. */
const READINGS = 10;
const MOVED =
  /(?:unable to stat|could not open|open\().*No such file or directory|file changed before we could read it|short read/;

async function storeOnce(
  context: GitContext,
  { workspace, record }: { readonly workspace: Workspace; readonly record: WorkspaceRecord },
  options: StoreOptions,
): Promise<string> {
  const { limits, layout, newId } = context;
  const { verbatimFrom, signal } = options;
  const id = newId();
  const folder = join(layout.scratch, id);
  await mkdir(folder, { mode: 0o700 });
  try {
    const began = second((await stat(folder)).mtimeMs);
    const facts = await checkTree(workspace.tree, { limits, gitlinks: record.gitlinks, signal });
    const start = await indexToStartFrom(workspace.privateDir, record, facts.changedAt);
    const gitDir = await prepare(context, {
      folder,
      workspace,
      index: start.path,
      facts,
      verbatimFrom,
    });
    const again = verbatimFrom !== undefined;
    const spec = gitSandbox(context, {
      id: `snapshot-${id}`,
      label: options.label ?? `snapshot:${workspace.agentId}`,
      command: ["/bin/sh", "-c", SCRIPT],
      env: { READ_AGAIN: again ? "yes" : "" },
      folder,
      workspace,
      writable: false,
    });
    const { tree, pack } = parse(await run(context, spec, signal));
    await importObjects(context, workspace.mirror, pack);
    // Not before: an index is good only where the objects it names are.
    if (!again) await keepIndex(gitDir, workspace.privateDir, { start, began });
    return tree;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

interface Preparation {
  readonly folder: string;
  readonly workspace: Workspace;
  readonly index: string;
  readonly facts: TreeFacts;
  readonly verbatimFrom: string | undefined;
}

async function prepare({ sandbox, layout }: GitContext, preparation: Preparation): Promise<string> {
  const { folder, workspace, index, facts, verbatimFrom } = preparation;
  const gitDir = await makeThrowAwayGitDir({
    folder,
    mirror: workspace.mirror,
    index,
    head: "refs/heads/snapshot",
    refs: { "refs/heads/snapshot": verbatimFrom ?? workspace.baseCommit },
  });
  if (verbatimFrom !== undefined) await writeFile(join(gitDir, "info", "attributes"), NO_CONVERSION);
  if (sandbox.isolates) return gitDir;
  await writeFile(join(gitDir, "info", "exclude"), standIns(layout.root, facts));
  return gitDir;
}

/**
 * What git must leave alone where nothing can be mounted: prepared folders are links in the tree while the agent runs,
 * and not its work. The text of an exclude file.
 */
export function standIns(root: string, { absoluteLinks }: TreeFacts): string {
  const ours = absoluteLinks.filter(({ target }) => target.startsWith(`${root}/`));
  return ours.map(({ path }) => `/${escaped(path)}\n`).join("");
}

const escaped = (path: string): string => path.replaceAll(/[\\*?[\]#! ]/g, String.raw`\$&`);

async function run(
  context: GitContext,
  spec: SandboxSpec,
  signal: AbortSignal | undefined,
): Promise<Collected> {
  try {
    const { snapshotBytes, localMs } = context.limits;
    const options = {
      maxBytes: snapshotBytes,
      timeoutMs: localMs,
      ...(signal === undefined ? {} : { signal }),
    };
    const result = await collect(await context.sandbox.start(spec), options);
    if (result.aborted) signal?.throwIfAborted();
    if (result.timedOut) throw unsafeTree([`git did not read the tree within ${localMs} ms`]);
    if (result.truncated) throw unsafeTree([`the change is larger than ${snapshotBytes} bytes, compressed`]);
    if (result.outOfMemory) throw unsafeTree(["git ran out of memory on the tree"]);
    const moved = result.code === 0 ? undefined : MOVED.exec(result.stderr.toString())?.[0];
    if (moved !== undefined) throw new MovingTreeError(`git says: ${moved}`);
    const leftOut = LEFT_OUT.exec(result.stderr.toString())?.[0];
    if (leftOut !== undefined) throw unsafeTree([`git says: ${leftOut}`]);
    if (result.code !== 0) throw unsafeTree([`git says: ${reasonOf(result.stderr.toString()) || "nothing"}`]);
    return result;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    throw new AttemptFailure("sandbox", `the snapshot's sandbox failed: ${error.message}`, { cause: error });
  }
}

function parse({ stdout }: Collected): { readonly tree: string; readonly pack: Buffer } {
  const end = stdout.indexOf("\n");
  const tree = stdout.subarray(0, Math.max(end, 0)).toString("latin1");
  if (!OBJECT_ID_PATTERN.test(tree)) throw unsafeTree(["git's answer does not start with a tree's id"]);
  return { tree, pack: stdout.subarray(end + 1) };
}
