import { AttemptFailure } from "@mosaic/domain";
import { reasonOf } from "@mosaic/git";
import { collect, SandboxError, type SandboxSpec } from "@mosaic/sandbox";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GitContext } from "./context.ts";
import { indexToStartFrom } from "./kept-index.ts";
import type { Workspace } from "./port.ts";
import { gitSandbox } from "./git-sandbox.ts";
import { makeThrowAwayGitDir } from "./private-git-dir.ts";
import type { WorkspaceRecord } from "./record.ts";
import { standIns } from "./store-tree.ts";
import { checkTree } from "./tree-check.ts";

/**
 * Runs inside. The index becomes what lies in the tree, then git replaces exactly what differs from the wanted tree.
 * Links are never followed: git checks every folder on the way, and outside of the tree there is nothing to reach.
 */
const PUT = `set -eu
git update-index -q --refresh || :
git add --all
git read-tree --reset -u "$1"
`;

/**
 * Runs inside, in the agent's own git directory, which it may have broken: three files are replaced, nothing is read.
 * `rm` takes a link for itself, and what a process plants in between leads nowhere in here.
 */
const RENEW = `set -eu
cd "$1"
rm -rf HEAD packed-refs index index.lock MERGE_HEAD "$2" "$3"
mkdir -p refs
cp "$GIT_DIR/HEAD" "$GIT_DIR/packed-refs" "$GIT_DIR/index" .
`;

const AGENT_GIT = "/mosaic/agent-git";
/** Tries while a process of the agent moves files under git's eyes. */
const TRIES = 5;
/** For three small files. A pipe that a process planted in their place must not hold anybody up. Milliseconds. */
const RENEW_MS = 10_000;

interface Subject {
  readonly workspace: Workspace;
  readonly record: WorkspaceRecord;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts a tree of the mirror in place of the files of a workspace; ignored files stay. Its owner may still run, so git
 * writes in a fresh sandbox that reaches nothing but the tree. What is there must be saved before.
 * @throws AttemptFailure `workspace`, `unsafe_tree`, `sandbox`; the signal's reason
 */
export async function putTree(context: GitContext, subject: Subject, tree: string): Promise<void> {
  const { workspace, record, signal } = subject;
  for (let attempt = 1; ; attempt += 1) {
    signal?.throwIfAborted();
    const { limits } = context;
    const facts = await checkTree(workspace.tree, { limits, gitlinks: record.gitlinks, signal });
    const { path: index } = await indexToStartFrom(workspace.privateDir, record, facts.changedAt);
    const refs = { "refs/heads/put": workspace.baseCommit };
    const command = ["/bin/sh", "-c", PUT, "sh", tree] as const;
    const contents = { workspace, index, head: "refs/heads/put", refs };
    const why = await withGitDir(context, contents, async (folder) => {
      if (!context.sandbox.isolates)
        await writeFile(join(folder, "git", "info", "exclude"), standIns(context.layout.root, facts));
      const work = { ...names(context, workspace), command, folder, workspace, writable: true };
      return await run(context, gitSandbox(context, work), { timeoutMs: limits.localMs, signal });
    });
    if (why === null) return;
    if (attempt === TRIES)
      throw new AttemptFailure("workspace", `the merged files could not be put in place: ${why}`);
  }
}

/** Shows the agent's own git the new base: its branch and the base branch are there now, and its changes on top. */
export async function renewAgentGit(
  context: GitContext,
  workspace: Workspace,
  contents: {
    readonly index: string;
    readonly head: string;
    readonly refs: Readonly<Record<string, string>>;
  },
): Promise<void> {
  const extra = [{ source: join(workspace.privateDir, "git"), target: AGENT_GIT, writable: true }];
  const command = ["/bin/sh", "-c", RENEW, "sh", AGENT_GIT, ...Object.keys(contents.refs)] as const;
  const why = await withGitDir(context, { workspace, ...contents }, (folder) =>
    run(
      context,
      gitSandbox(context, {
        ...names(context, workspace),
        command,
        folder,
        workspace,
        writable: false,
        extra,
      }),
      { timeoutMs: RENEW_MS, signal: undefined },
    ),
  );
  if (why !== null) throw new Error(`the agent's own git directory could not be renewed: ${why}`);
}

function names({ newId }: GitContext, { agentId }: Workspace): { id: string; label: string } {
  return { id: `put-${newId()}`, label: `put:${agentId}` };
}

interface GitDirContents {
  readonly workspace: Workspace;
  readonly index: string;
  readonly head: string;
  readonly refs: Readonly<Record<string, string>>;
}

async function withGitDir<T>(
  { layout, newId }: GitContext,
  { workspace, ...contents }: GitDirContents,
  action: (folder: string) => Promise<T>,
): Promise<T> {
  const folder = join(layout.scratch, newId());
  await mkdir(folder, { mode: 0o700 });
  try {
    await makeThrowAwayGitDir({ folder, mirror: workspace.mirror, ...contents });
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** null when it went well, else why not. */
async function run(
  { sandbox }: GitContext,
  command: SandboxSpec,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal | undefined },
): Promise<string | null> {
  try {
    const result = await collect(await sandbox.start(command), {
      maxBytes: 1024 * 1024,
      timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    if (result.aborted) signal?.throwIfAborted();
    if (result.timedOut) return `it took longer than ${timeoutMs} ms`;
    return result.code === 0 ? null : reasonOf(result.stderr.toString()) || `it ended with ${result.code}`;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    throw new AttemptFailure("sandbox", `the sandbox that merges files failed: ${error.message}`, {
      cause: error,
    });
  }
}
