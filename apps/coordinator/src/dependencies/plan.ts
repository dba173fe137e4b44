import type { CommitFiles } from "../detect/commit-files.ts";

/** How one package manager's dependencies are prepared for one commit. */
export interface DependencyPlan {
  /** `npm`, `pip`, …; part of the cache's key. */
  readonly manager: string;
  /** The program that must be in the toolchain; null when the base branch names the command. */
  readonly program: string | null;
  /** Run by `sh -c` in a folder that holds the inputs and nothing else of the tree. */
  readonly command: string;
  /** The whole environment of the command beside PATH, HOME and the way out. */
  readonly env: Readonly<Record<string, string>>;
  /** Files the result depends on: manifests, lockfiles, the manager's own settings. Their content is in the key. */
  readonly inputs: readonly string[];
  /** Files that must exist but are given empty (cargo refuses a package without sources). */
  readonly placeholders: readonly string[];
  /** What is kept, where it is there: every folder of a name wherever it is, or single folders. */
  readonly outputs: readonly DependencyOutput[];
  /** What the gates need to find the result. Paths below `TREE`. */
  readonly runtime: DependencyRuntime;
}

export type DependencyOutput =
  | { readonly kind: "everywhere"; readonly name: string; readonly scratch: readonly string[] }
  | { readonly kind: "folder"; readonly path: string; readonly scratch: readonly string[] };

export interface DependencyRuntime {
  readonly env: Readonly<Record<string, string>>;
  /** Folders for the front of PATH. */
  readonly path: readonly string[];
}

export type PlannedDependencies =
  | { readonly kind: "none" }
  | { readonly kind: "plan"; readonly plan: DependencyPlan }
  /** Dependencies are declared, but not so that the same ones would come every time. */
  | { readonly kind: "unlocked"; readonly manager: string; readonly message: string };

/** The base branch's word on preparation (`prepare` in `.mosaic/gates.json`). */
export interface PrepareSettings {
  readonly command?: string | undefined;
  readonly scripts?: boolean | undefined;
}

export type DependencyPlanner = (
  files: CommitFiles,
  settings: PrepareSettings,
) => Promise<PlannedDependencies>;

export const NOTHING_TO_PREPARE: PlannedDependencies = { kind: "none" };
