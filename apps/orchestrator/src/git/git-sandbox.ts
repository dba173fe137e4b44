import { configEnvironment, hardenedConfig, hardenedEnvironment } from "@mosaic/git";
import type { Mount, SandboxSpec } from "@mosaic/sandbox";
import type { GitContext } from "./context.ts";
import type { Workspace } from "./port.ts";
import { gitMounts, INSIDE } from "./private-git-dir.ts";

/** Settings that decide what a file is as an object; a repository's own say nothing here. */
const FAITHFUL = [
  ["core.fileMode", "true"],
  ["core.symlinks", "true"],
  ["core.ignoreCase", "false"],
  ["core.precomposeUnicode", "false"],
  ["core.autocrlf", "false"],
  ["core.safecrlf", "false"],
  ["core.sparseCheckout", "false"],
  // The git directory and the tree may belong to another user in there.
  ["safe.directory", "*"],
] as const;

const INSIDE_PATH = "/usr/local/bin:/usr/bin:/bin";
const LARGEST_FILE = 8 * 1024 ** 3;

interface GitWork {
  readonly id: string;
  readonly label: string;
  readonly command: SandboxSpec["command"];
  readonly env?: Readonly<Record<string, string>>;
  /** Holds the throw-away git directory. */
  readonly folder: string;
  readonly workspace: Workspace;
  /** Whether git may change the files. */
  readonly writable: boolean;
  readonly extra?: readonly Mount[];
}

/** How git is run on an agent's files: with them and a throw-away git directory, without network, and nothing else. */
export function gitSandbox({ limits }: Pick<GitContext, "limits">, work: GitWork): SandboxSpec {
  const { id, label, command, env = {}, folder, workspace, writable, extra = [] } = work;
  return {
    id,
    label,
    command,
    env: {
      ...hardenedEnvironment({ home: "/nonexistent", path: INSIDE_PATH }),
      ...configEnvironment([...hardenedConfig(), ...FAITHFUL]),
      ...env,
      GIT_DIR: INSIDE.git,
      GIT_WORK_TREE: INSIDE.tree,
    },
    cwd: INSIDE.tree,
    mounts: [...gitMounts(folder, { mirror: workspace.mirror, tree: workspace.tree, writable }), ...extra],
    scratch: [],
    limits: {
      memoryMb: 1024,
      fileBytes: Math.min(limits.treeBytes, LARGEST_FILE),
      openFiles: 1024,
      tmpBytes: 1024 * 1024,
      processes: 1024,
      cpus: 2,
    },
  };
}
