import type { Repository } from "@mosaic/domain";
import type { Mount } from "@mosaic/sandbox";

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
  readonly detail?: string;
}

/**
 * Git work on behalf of agents. Nothing here runs git in an agent's tree on the host (DESIGN §8).
 * Failures are `AttemptFailure`s: `workspace`, `unsafe_tree`, `push`, `conflict`.
 */
export interface Workspaces {
  /** Commit of a remote branch, without writing anything. @throws BranchNotFoundError, RepositoryUnreachableError */
  resolveBranch(repository: Repository, branch: string, signal?: AbortSignal): Promise<string>;
  /** Path of a repository's mirror; it exists once a workspace was created for the repository. */
  mirrorOf(repositoryUrl: string): Promise<string>;
  create(
    request: { repository: Repository; baseBranch: string; agentId: string; taskId: string },
    signal?: AbortSignal,
  ): Promise<Workspace>;
  snapshot(
    workspace: Workspace,
    commit: { subject: string; body: string; sequence: number; at: string },
    signal?: AbortSignal,
  ): Promise<Snapshot>;
  /** Blobs that are in the snapshot and not, under the same path, in its base. */
  addedBlobs(workspace: Workspace, commit: string): Promise<readonly AddedBlob[]>;
  /** A blob's bytes, at most `maxBytes`; null when it is larger. */
  readBlob(mirror: string, objectId: string, maxBytes: number): Promise<Buffer | null>;
  /** A file's bytes at a commit, or null when it is not there (or not a regular file, or larger). */
  readFile(mirror: string, commit: string, path: string, maxBytes: number): Promise<Buffer | null>;
  /** Unified diff, cut after `maxBytes`. */
  diff(
    mirror: string,
    base: string,
    commit: string,
    maxBytes: number,
  ): Promise<{ patch: string; truncated: boolean; files: readonly ChangedFile[] }>;
  /** Moves the workspace's branch in the mirror to the gated commit. */
  commit(workspace: Workspace, commit: string): Promise<void>;
  /** Fetches the base branch and reports whether the commit merges with its head: paths in conflict, or none. */
  conflicts(
    repository: Repository,
    workspace: Workspace,
    commit: string,
    signal?: AbortSignal,
  ): Promise<readonly string[]>;
  /** Pushes exactly `commit` to the workspace's branch with a lease, and reads the remote ref back. */
  push(repository: Repository, workspace: Workspace, commit: string, signal?: AbortSignal): Promise<Pushed>;
  /** Salvages what has no snapshot yet, moves the tree to the trash, prunes; never throws, reports each step. */
  remove(workspace: Workspace): Promise<readonly CleanupStep[]>;
  /** The workspace of an agent of a former process, from what is on disk; null when there is none. */
  reopen(agentId: string, taskId: string): Promise<Workspace | null>;
  /** Paths that still exist for an agent (worktree, private folder, branch lock): the evidence of a clean-up. */
  residue(agentId: string, taskId: string): Promise<readonly string[]>;
  /** At a start, before anything else: removes what a former process left half-made, locked or in the trash. Never throws. */
  sweep(): Promise<readonly CleanupStep[]>;
  /** Workspaces on disk. At a start, before any is created, these are a former process's. */
  leftovers(): Promise<readonly Workspace[]>;
  /** Waits for deletions in the background. */
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
