import type { Reach } from "../spawner/step-points.ts";
import { AttemptFailure, isRefusal, parseRepository } from "@mosaic/domain";
import type { Git, Remotes } from "@mosaic/git";
import type { Sandbox } from "@mosaic/sandbox";
import { join } from "node:path";
import { commitToBranch } from "./commit.ts";
import { fetchBaseHead } from "./base-head.ts";
import { mergeOntoHead } from "./merge-onto-head.ts";
import { mergeTrees } from "./merge-trees.ts";
import { moveBase } from "./move-base.ts";
import type { GitContext, Identity, WorkspaceLimits } from "./context.ts";
import { createFacts } from "./facts.ts";
import { createWorkspace, workspaceOf } from "./create.ts";
import { diffCommits } from "./diff.ts";
import { createLayout, folderName } from "./layout.ts";
import { findLeftovers } from "./leftovers.ts";
import { createMirrors } from "./mirrors.ts";
import type { Workspace, Workspaces } from "./port.ts";
import { pushCommit } from "./push.ts";
import { loadRecord, type WorkspaceRecord } from "./record.ts";
import { readMirror } from "./read-mirror.ts";
import { createRemovals } from "./removals.ts";
import { residueOf } from "./residue.ts";
import { resolveBranch } from "./resolve-branch.ts";
import { takeSnapshot } from "./snapshot.ts";
import { createSalvages } from "./salvages/create-salvages.ts";
import { createSeenHeads } from "./seen-heads.ts";
import { findRecord } from "./set-aside.ts";
import { messageOf } from "./step.ts";
import { sweepLeftovers } from "./sweep.ts";
import { createTrash } from "./trash.ts";

export interface WorkspacesOptions {
  /** Absolute; owned by this process alone. */
  readonly dataDir: string;
  readonly git: Git;
  readonly remotes: Remotes;
  /** Where git reads an agent's tree. */
  readonly sandbox: Sandbox;
  /** Author and committer of what is pushed. */
  readonly identity: Identity;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly limits?: Partial<WorkspaceLimits>;
  /** Called between two steps of an operation. Default: nothing. */
  readonly reach?: Reach;
  /** Hears of what went wrong behind, where no caller waits. Default: a warning of the process. */
  readonly onProblem?: (what: string, error: unknown) => void;
}

const DEFAULT_LIMITS: WorkspaceLimits = {
  treeEntries: 400_000,
  treeBytes: 8 * 1024 ** 3,
  snapshotBytes: 64 * 1024 ** 2,
  networkMs: 600_000,
  readBackPausesMs: [0, 500, 2000],
  localMs: 300_000,
  salvageMs: 30_000,
};

/** Workspaces on this machine's disk, below `dataDir`. */
export async function createWorkspaces(options: WorkspacesOptions): Promise<Workspaces> {
  const { dataDir, limits, onProblem = warn, reach = () => undefined, ...given } = options;
  const layout = await createLayout(dataDir);
  const facts = createFacts();
  const base = {
    ...given,
    layout,
    onProblem,
    reach,
    facts,
    heads: createSeenHeads(given),
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
  const trash = createTrash(base);
  const context: GitContext = { ...base, trash, mirrors: createMirrors({ ...base, trash }) };
  const removals = createRemovals(context);
  return {
    salvages: createSalvages(context, removals),
    resolveBranch: (repository, branch, signal) => resolveBranch(context, repository, branch, signal),
    mirrorOf: async (url) => context.mirrors.path(normalized(url)),
    create: (request, signal) => createWorkspace(context, request, signal),
    snapshot: async (workspace, request, signal) =>
      await takeSnapshot(context, { workspace, record: await recordOf(workspace), signal }, request),
    reading: (mirror, action, signal) => readMirror(context, { mirror, signal }, action),
    diff: (mirror, from, commit, maxBytes) => diffCommits(context, { mirror, base: from, commit }, maxBytes),
    commit: (workspace, commit) => commitToBranch(context, workspace, commit),
    fetchHead: (repository, workspace, signal) => fetchBaseHead(context, { repository, workspace }, signal),
    merge: (workspace, request, signal) => mergeOntoHead(context, { workspace, request }, signal),
    moveBase: async (workspace, request, signal) =>
      await moveBase(context, { workspace, record: await recordOf(workspace), signal }, request),
    mergesCleanly: async (mirror, head, commit) =>
      (await mergeTrees(context, { mirror, head, commit, keep: false })).clean,
    push: (repository, workspace, commit, how) => pushCommit(context, { repository, workspace, commit }, how),
    setAside: (workspace) => removals.setAside(workspace),
    remove: (workspace) => removals.remove(workspace),
    reopen: (agentId, taskId) => reopen(context, agentId, taskId),
    residue: (agentId, taskId) => residueOf(context, agentId, taskId),
    sweep: () => sweepLeftovers(context),
    leftovers: () => findLeftovers(context),
    close: async () => {
      await removals.settled();
      await context.trash.settled();
    },
  };
}

async function reopen(context: GitContext, agentId: string, taskId: string): Promise<Workspace | null> {
  const name = folderName(agentId, taskId);
  const record = await findRecord(context, name);
  return record === null ? null : workspaceOf(join(context.layout.private, name), record);
}

async function recordOf(workspace: Workspace): Promise<WorkspaceRecord> {
  const record = await loadRecord(workspace.privateDir);
  if (record?.ready !== true)
    throw new AttemptFailure("workspace", "the workspace was removed or never finished");
  return record;
}

function warn(what: string, error: unknown): void {
  process.emitWarning(`${what}: ${messageOf(error)}`);
}

/** The spelling a mirror is found by: what git is given, however a person wrote it. */
function normalized(url: string): string {
  const repository = parseRepository(url);
  return isRefusal(repository) ? url : repository.url;
}
