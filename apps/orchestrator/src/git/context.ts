import type { Repository } from "@mosaic/domain";
import type { Git, Remotes } from "@mosaic/git";
import type { Sandbox } from "@mosaic/sandbox";
import type { Reach } from "../spawner/step-points.ts";
import type { Facts } from "./facts.ts";
import type { Layout } from "./layout.ts";
import type { SeenHeads } from "./seen-heads.ts";

export interface Identity {
  readonly name: string;
  readonly email: string;
}

export interface WorkspaceLimits {
  /** Files and folders of a tree, ignored ones included. */
  readonly treeEntries: number;
  /** Bytes of a tree, ignored files included. */
  readonly treeBytes: number;
  /** Compressed size of what one snapshot adds. */
  readonly snapshotBytes: number;
  /** For one exchange with a remote. */
  readonly networkMs: number;
  /** How long to wait each time before a remote is asked what it has after a push. */
  readonly readBackPausesMs: readonly number[];
  /** For one operation on this machine. */
  readonly localMs: number;
  /** For the salvage of a workspace that is removed; what takes longer is kept as files. */
  readonly salvageMs: number;
}

/** The bare mirrors of this orchestrator, one per repository, each owned by this process alone. */
export interface Mirrors {
  path(url: string): string;
  /** Path of a mirror that this process has found to be sound, else null. */
  known(url: string): string | null;
  /**
   * Brings a mirror up to date, making it when there is none, and answers with its path. Callers that come while one
   * runs share the next. @throws RepositoryUnreachableError; the signal's reason
   */
  fetch(repository: Repository, signal?: AbortSignal): Promise<string>;
  /** Runs something short that moves refs or worktrees of a mirror, alone. */
  withRefs<T>(mirror: string, action: () => Promise<T>): Promise<T>;
  /**
   * Runs something that nothing may happen to the mirror beside. Its signal fires as soon as anybody needs the mirror;
   * then it has to end at once.
   */
  whileIdle<T>(mirror: string, action: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** Where things go to be deleted: moving is at once, deleting happens behind. */
export interface Trash {
  /** Moves a path away and starts to delete it. False when there is nothing. */
  take(path: string): Promise<boolean>;
  /** Starts to delete what a former process left. */
  empty(): Promise<void>;
  /** Waits until all that was started has ended; what could not be deleted stays for the next start. */
  settled(): Promise<void>;
}

/** What the operations of this folder share. */
export interface GitContext {
  readonly git: Git;
  readonly remotes: Remotes;
  readonly sandbox: Sandbox;
  readonly layout: Layout;
  readonly mirrors: Mirrors;
  readonly trash: Trash;
  readonly facts: Facts;
  readonly heads: SeenHeads;
  readonly identity: Identity;
  readonly limits: WorkspaceLimits;
  readonly now: () => Date;
  readonly newId: () => string;
  /** Called between two steps of an operation. */
  readonly reach: Reach;
  /** Hears of what went wrong behind, where no caller waits. */
  readonly onProblem: (what: string, error: unknown) => void;
}
