import { posix } from "node:path";
import { type CommitFiles, firstPath } from "../detect/commit-files.ts";
import { parseManifest } from "../detect/node-scripts.ts";
import { TREE } from "../detect/gate-command.ts";
import {
  type DependencyPlan,
  NOTHING_TO_PREPARE,
  type PlannedDependencies,
  type PrepareSettings,
} from "./plan.ts";

type NodeManager = "npm" | "pnpm" | "yarn";

const LOCKFILES: Readonly<Record<NodeManager, readonly string[]>> = {
  npm: ["package-lock.json", "npm-shrinkwrap.json"],
  pnpm: ["pnpm-lock.yaml"],
  yarn: ["yarn.lock"],
};

/** Lockfiles of managers that only a command of the base branch installs by are inputs, too. */
const LOCKFILE_NAMES: ReadonlySet<string> = new Set([
  ...Object.values(LOCKFILES).flat(),
  "bun.lock",
  "bun.lockb",
  "deno.lock",
]);

/** Folders in node_modules that tools write to while they run. */
const SCRATCH = [".cache", ".vite", ".vite-temp", ".vitest", ".vitest-cache"];

/** Settings and parts of the managers themselves that an install reads. */
const SETTINGS =
  /^(?:\.npmrc|\.yarnrc|\.yarnrc\.yml|\.pnpmfile\.cjs|pnpm-workspace\.yaml|\.yarn\/(?:releases|plugins|patches)\/.+|patches\/.+)$/;

/** Dependencies of a Node project: `node_modules`, installed from the lockfile without running any install script. */
export async function planNode(files: CommitFiles, settings: PrepareSettings): Promise<PlannedDependencies> {
  const text = await files.text("package.json");
  const manifest = parseManifest(text);
  if (!manifest || text === null) return NOTHING_TO_PREPARE;
  if (manifest.dependencies.size === 0 && !hasWorkspaces(files, text)) return NOTHING_TO_PREPARE;

  const manager = nodeManager(files, manifest.packageManager);
  const lockfile = firstPath(files, LOCKFILES[manager]);
  if (lockfile === undefined && settings.command === undefined) {
    return {
      kind: "unlocked",
      manager,
      message: `package.json declares dependencies, but the commit has no ${LOCKFILES[manager][0]}. Run '${manager} install' and commit the lockfile: without it every check could get other packages.`,
    };
  }
  const lock = lockfile === undefined ? "" : ((await files.text(lockfile)) ?? "");
  return { kind: "plan", plan: nodePlan(manager, lock, nodeInputs(files, lock), settings) };
}

function hasWorkspaces(files: CommitFiles, manifest: string): boolean {
  return files.paths.has("pnpm-workspace.yaml") || /"workspaces"\s*:/.test(manifest);
}

function nodeManager(files: CommitFiles, declared: string | null): NodeManager {
  const name = declared?.split("@")[0];
  if (name === "npm" || name === "pnpm" || name === "yarn") return name;
  return (["pnpm", "yarn"] as const).find((manager) => firstPath(files, LOCKFILES[manager])) ?? "npm";
}

function nodeInputs(files: CommitFiles, lock: string): readonly string[] {
  // Whole words first, endings after: one pattern for both would take quadratic time on a hostile lockfile.
  const words = [...lock.matchAll(/file:([^"'\s,)#]{1,1000})/g)].map(([, path = ""]) =>
    posix.normalize(path),
  );
  const archives = new Set(words.filter((path) => path.endsWith(".tgz") || path.endsWith(".tar.gz")));
  return [...files.paths].filter((path) => {
    if (/(?:^|\/)node_modules\//.test(path)) return false;
    return (
      LOCKFILE_NAMES.has(path) ||
      posix.basename(path) === "package.json" ||
      SETTINGS.test(path) ||
      archives.has(path)
    );
  });
}

function nodePlan(
  manager: NodeManager,
  lock: string,
  inputs: readonly string[],
  settings: PrepareSettings,
): DependencyPlan {
  return {
    manager,
    program: settings.command === undefined ? manager : null,
    command: settings.command ?? installCommand(manager, lock, settings.scripts === true),
    env: {
      npm_config_update_notifier: "false",
      npm_config_ignore_scripts: settings.scripts === true ? "false" : "true",
      YARN_ENABLE_GLOBAL_CACHE: "false",
      YARN_ENABLE_TELEMETRY: "0",
    },
    inputs,
    placeholders: [],
    outputs: [{ kind: "everywhere", name: "node_modules", scratch: SCRATCH }],
    runtime: { env: {}, path: [`${TREE}/node_modules/.bin`], pathEnd: [] },
  };
}

/** Only what the lockfile says, and no install scripts unless the base branch wants them (threat 4: they run code). */
function installCommand(manager: NodeManager, lock: string, scripts: boolean): string {
  const rebuild = scripts ? ` && ${manager} rebuild` : "";
  if (manager === "npm") return `npm ci --ignore-scripts --no-audit --no-fund${rebuild}`;
  if (manager === "pnpm") {
    return `pnpm install --frozen-lockfile --ignore-scripts --package-import-method=copy --store-dir=/cache/pnpm-store${rebuild}`;
  }
  const isClassic = lock.includes("# yarn lockfile v1");
  return isClassic
    ? `yarn install --frozen-lockfile --non-interactive${scripts ? "" : " --ignore-scripts"}`
    : `yarn install --immutable${scripts ? "" : " --mode=skip-build"}`;
}
