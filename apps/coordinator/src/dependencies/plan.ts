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
  /** Id of the image it runs in, not its name; undefined for the sandbox's own. Part of the key: it decides what is built. */
  readonly image?: string | undefined;
  /** True gives the command a folder beside the tree, ENVIRONMENT_FOLDER, which is kept whole. */
  readonly environment?: true;
}

export type DependencyOutput =
  | { readonly kind: "everywhere"; readonly name: string; readonly scratch: readonly string[] }
  | { readonly kind: "folder"; readonly path: string; readonly scratch: readonly string[] };

export interface DependencyRuntime {
  readonly env: Readonly<Record<string, string>>;
  /** Folders for the front of PATH. */
  readonly path: readonly string[];
  /** Folders for its end: what a change's own dependencies could fill must not take the place of a gate's tools. */
  readonly pathEnd: readonly string[];
}

export type PlannedDependencies =
  | { readonly kind: "none" }
  | { readonly kind: "plan"; readonly plan: DependencyPlan }
  /** Dependencies are declared, but not so that the same ones would come every time. */
  | { readonly kind: "unlocked"; readonly manager: string; readonly message: string };

/** The base branch's word on preparation: `prepare` in `.mosaic/gates.json`, and `.mosaic/environment.json`. */
export interface PrepareSettings {
  /** An image's id. */
  readonly image?: string;
  readonly environment?: {
    readonly commands: readonly string[];
    /** Files the commands read beside manifests and lockfiles. */
    readonly inputs: readonly string[];
  };
  readonly command?: string | undefined;
  readonly scripts?: boolean | undefined;
}

export type DependencyPlanner = (
  files: CommitFiles,
  settings: PrepareSettings,
) => Promise<PlannedDependencies>;

export const NOTHING_TO_PREPARE: PlannedDependencies = { kind: "none" };
