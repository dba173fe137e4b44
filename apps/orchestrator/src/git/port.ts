import type { Repository } from "@mosaic/domain";
import type { Mount } from "@mosaic/sandbox";
import type { Salvages } from "./salvages/port.ts";

/** An agent's place to work. Paths are absolute host paths. */
export interface Workspace {
  readonly agentId: string;
  readonly taskId: string;
  readonly branch: string;
  readonly baseBranch: string;
  readonly baseCommit: string;
  /** The trusted bare repository that holds every object. */
  readonly mirror: string;
  /** The worktree's files. Untrusted data from the moment an agent runs. */
  readonly tree: string;
  /** Folder for this agent's private things (throw-away git directory, socket). Removed with the workspace. */
  readonly privateDir: string;
  readonly files: number;
  /** How a sandbox sees it: the tree at `/tree` (writable), its private git directory, the mirror's objects read-only. */
  readonly mounts: readonly Mount[];
  /** What git inside the sandbox needs. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ChangedFile {
  readonly path: string;
  /** null for a binary file. */
  readonly additions: number | null;
  readonly deletions: number | null;
}

/** The exact tree of a workspace as a commit on its base, under `refs/mosaic/…`, made without touching its files. */
export interface Snapshot {
  readonly commit: string;
  readonly tree: string;
  /** True when the tree is the base commit's. */
  readonly unchanged: boolean;
  readonly files: readonly ChangedFile[];
}

export interface AddedBlob {
  readonly path: string;
  readonly objectId: string;
  readonly bytes: number;
}

/** One parent (the new head), or two (the new head and the snapshot). */
export type IntegrateMode = "rebase" | "merge";

export interface MergeRequest {
  /** The snapshot. */
  readonly commit: string;
  readonly head: string;
  readonly mode: IntegrateMode;
  readonly subject: string;
  readonly body: string;
  readonly at: string;
}

export type Merged =
  /** A new commit on the head: nothing that was said of the snapshot holds for it. */
  | { readonly kind: "clean"; readonly snapshot: Snapshot }
  | { readonly kind: "conflict"; readonly conflict: Conflict };

/** A merge that somebody has to finish. */
export interface Conflict {
  readonly head: string;
  /** A commit on the head whose files hold both sides, between markers where git could put both into one. */
  readonly commit: string;
  /** What stands behind the markers: `<<<<<<< ours` (the head), `>>>>>>> theirs` (the work). */
  readonly labels: { readonly ours: string; readonly theirs: string };
  readonly files: readonly ConflictFile[];
}

export interface ConflictFile {
  readonly path: string;
  /** content, add/add, modify/delete, rename/rename, binary, symlink, file/directory, … */
  readonly kind: string;
  /** git's own sentence. */
  readonly note: string;
  /** Whose version lies in the merged tree. */
  readonly inTree: "both" | "head" | "work" | "nothing";
  /** Blobs of both sides; null where a side has no such file. */
  readonly ours: string | null;
  readonly theirs: string | null;
  /** Parts of the merged file with both sides, or null where git could not put them into one file. */
  readonly hunks: string | null;
  /** Both sides, where there are no parts to show. */
  readonly sides: { readonly head: ConflictSide | null; readonly work: ConflictSide | null } | null;
}

export interface ConflictSide {
  readonly mode: string;
  /** The beginning of it; null when it is not text. */
  readonly text: string | null;
}

/** A commit that the remote does not have yet. */
export interface OutgoingCommit {
  readonly id: string;
  /** The commit object as text: parents, author, committer, message. */
  readonly message: string;
  /** What it adds, or changes against each of its parents. */
  readonly blobs: readonly AddedBlob[];
}

export interface PushOptions {
  readonly signal?: AbortSignal | undefined;
  /** The last word before anything leaves, after all that takes time; what it throws ends the push. */
  readonly beforeSending?: () => Promise<void>;
}

/** What a push did, as read back from the remote. */
export interface Pushed {
  readonly branch: string;
  readonly commit: string;
  /** Repository as people may see it. */
  readonly remote: string;
}

export interface CleanupStep {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string | undefined;
}

/** What is at a path whose content decides something; `why` completes "it …". */
export type RuleFile =
  | { readonly kind: "absent" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "refused"; readonly why: string };

export interface WorkspaceRequest {
  readonly repository: Repository;
  readonly baseBranch: string;
  readonly agentId: string;
  readonly taskId: string;
  /** Called when it is known what the workspace will be made of, so that what needs no files can begin beside it. */
  readonly onBase?: (base: Pick<Workspace, "mirror" | "baseCommit">) => void;
}

/** What a mirror holds, as one process answers it: many times cheaper than one for each question. */
export interface MirrorReader {
  /** Blobs that are in the snapshot and not, under the same path, in its base. */
  addedBlobs(workspace: Workspace, commit: string): Promise<readonly AddedBlob[]>;
  /** Commits that a push of `commit` would bring to the remote, oldest first. @throws when they are too many */
  outgoing(workspace: Workspace, commit: string): Promise<readonly OutgoingCommit[]>;
  /** A blob's bytes, at most `maxBytes`; null when it is larger. */
  readBlob(objectId: string, maxBytes: number): Promise<Buffer | null>;
  /** A file's bytes at a commit, or null when it is not there (or not a regular file, or larger). */
  readFile(commit: string, path: string, maxBytes: number): Promise<Buffer | null>;
  /** A file that decides something, one folder deep in a commit. Absent only when nothing is there. */
  readRules(commit: string, path: string, maxBytes: number): Promise<RuleFile>;
}

/**
 * Git work on behalf of agents. Nothing here runs git in an agent's tree on the host (DESIGN §8).
 * Failures are `AttemptFailure`s: `workspace`, `unsafe_tree`, `push`, `conflict`.
 */
export interface Workspaces {
  /** What was saved of workspaces that are gone. */
  readonly salvages: Salvages;
  /** Commit of a remote branch, without writing anything. @throws BranchNotFoundError, RepositoryUnreachableError */
  resolveBranch(repository: Repository, branch: string, signal?: AbortSignal): Promise<string>;
  /** Path of a repository's mirror; it exists once a workspace was created for the repository. */
  mirrorOf(repositoryUrl: string): Promise<string>;
  create(request: WorkspaceRequest, signal?: AbortSignal): Promise<Workspace>;
  snapshot(
    workspace: Workspace,
    commit: { subject: string; body: string; sequence: number; at: string },
    signal?: AbortSignal,
  ): Promise<Snapshot>;
  /** Looks into a mirror. The process that answers is gone when this settles, and as soon as the signal fires. */
  reading<T>(mirror: string, action: (reader: MirrorReader) => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Unified diff, cut after `maxBytes`. */
  diff(
    mirror: string,
    base: string,
    commit: string,
    maxBytes: number,
  ): Promise<{ patch: string; truncated: boolean; files: readonly ChangedFile[] }>;
  /** Moves the workspace's branch in the mirror to the gated commit. */
  commit(workspace: Workspace, commit: string): Promise<void>;
  /** Fetches, and answers with the commit the workspace's base branch is at now. */
  fetchHead(repository: Repository, workspace: Workspace, signal?: AbortSignal): Promise<string>;
  /** Merges a snapshot of the workspace with a head of its base branch; touches no file. */
  merge(workspace: Workspace, request: MergeRequest, signal?: AbortSignal): Promise<Merged>;
  /**
   * Saves what lies in the workspace, then puts the tree of `commit` there and moves its base to `head`: the next snapshot
   * is a commit on it. The agent's process may be alive; nothing outside the tree can be written.
   */
  moveBase(
    workspace: Workspace,
    request: { head: string; commit: string; sequence: number },
    signal?: AbortSignal,
  ): Promise<Workspace>;
  /** Whether two commits of a mirror merge without a conflict. */
  mergesCleanly(mirror: string, one: string, other: string): Promise<boolean>;
  /** Pushes exactly `commit` to the workspace's branch with a lease, and reads the remote ref back. */
  push(repository: Repository, workspace: Workspace, commit: string, options?: PushOptions): Promise<Pushed>;
  /**
   * Begins to remove a workspace: answers when nothing of it is left where agents and git look, which takes no longer for
   * many files than for few. Its work is saved behind; `remove` answers when that is done. Never throws.
   */
  setAside(workspace: Workspace): Promise<readonly CleanupStep[]>;
  /** Sets it aside, salvages what has no snapshot yet, moves the rest to the trash; never throws, reports each step. */
  remove(workspace: Workspace): Promise<readonly CleanupStep[]>;
  /** The workspace of an agent of a former process, from what is on disk; null when there is none. */
  reopen(agentId: string, taskId: string): Promise<Workspace | null>;
  /** Paths that still exist for an agent (worktree, private folder, branch lock): the evidence of a clean-up. */
  residue(agentId: string, taskId: string): Promise<readonly string[]>;
  /** At a start, before anything else: removes what a former process left half-made, locked or in the trash. Never throws. */
  sweep(): Promise<readonly CleanupStep[]>;
  /** Workspaces on disk. At a start, before any is created, these are a former process's. */
  leftovers(): Promise<readonly Workspace[]>;
  /** Waits for what goes on in the background: salvages, deletions. */
  close(): Promise<void>;
}

export class BranchNotFoundError extends Error {
  constructor(branch: string) {
    super(`the repository has no branch '${branch}'`);
    this.name = "BranchNotFoundError";
  }
}

export class RepositoryUnreachableError extends Error {
  constructor(why: string, options?: ErrorOptions) {
    super(`the repository cannot be read: ${why}`, options);
    this.name = "RepositoryUnreachableError";
  }
}
