import { realpath } from "node:fs/promises";
import path from "node:path";
import { INSIDE_PROGRAMS, INSIDE_ROOT } from "../layout.ts";
import { whyProtected } from "../mount-sources.ts";
import type { Mount } from "../port.ts";
import { isWithin } from "../spec-checks.ts";
import { holdsTool, isFile, isFolder, packageOf } from "./discover.ts";
import { pyenvFolders, rustupFolders, type ToolFolder } from "./home-tools.ts";

export interface ToolchainOptions {
  /** The node binary to be used inside. */
  readonly nodePath: string;
  /** The host's PATH. */
  readonly path: string;
  /** The host user's home folder; only known tool folders in it are mounted. */
  readonly home: string;
}

export interface Toolchain {
  /** Read-only. */
  readonly mounts: readonly Mount[];
  /** PATH inside. */
  readonly path: string;
  /** The node binary inside. */
  readonly node: string;
}

/** Package managers written for Node: run by the given node, wherever the host keeps them. */
const PACKAGE_MANAGERS = ["npm", "npx", "pnpm", "pnpx", "yarn", "yarnpkg"];

const NODE_FOLDER = `${INSIDE_ROOT}/node/bin`;
const LAUNCHERS = `${INSIDE_ROOT}/bin`;

/** Visible in every sandbox. */
const ALWAYS = ["/usr/local/bin", "/usr/bin", "/bin"];

/**
 * What a sandbox needs beside /usr to build and test with the host's tools, in the order of the host's PATH: the given
 * node, package managers by their own packages, Python of pyenv and Rust of rustup by the version that is the default,
 * Go by its root, and tool folders outside of any home. Never a home folder, ~/.cargo, ~/.local or a `node_modules/.bin`:
 * what is there may hold credentials or belong to Mosaic.
 */
export async function toolchainMounts(options: ToolchainOptions): Promise<Toolchain> {
  const home = await realpath(options.home).catch(() => options.home);
  const folders = [...new Set(options.path.split(":"))].filter(
    (folder) => path.isAbsolute(folder) && !folder.includes("/node_modules/"),
  );
  const node = `${NODE_FOLDER}/node`;
  const managers = await packageManagers([path.dirname(await realpath(options.nodePath)), ...folders]);
  const tools = (await Promise.all(folders.map(async (folder) => await toolFolders(folder, home)))).flat();

  const mounts = new Map<string, Mount>();
  for (const mount of [
    readOnly(options.nodePath, node),
    ...managers,
    ...tools.flatMap(({ root }) => same(root)),
  ]) {
    mounts.set(mount.target, mount);
  }
  return {
    mounts: [...mounts.values()],
    path: [...new Set([NODE_FOLDER, LAUNCHERS, ...tools.map((tool) => tool.bin), ...ALWAYS])].join(":"),
    node,
  };
}

const readOnly = (source: string, target: string): Mount => ({ source, target, writable: false });

/** Compiled-in paths and scripts' first lines name a tool's own folder, so it keeps its place. */
const same = (root: string | null): Mount[] => (root === null ? [] : [readOnly(root, root)]);

async function packageManagers(folders: readonly string[]): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const name of PACKAGE_MANAGERS) {
    for (const folder of folders) {
      const root = await packageOf(path.join(folder, name), name);
      if (root === null) continue;
      mounts.push(readOnly(root, `${INSIDE_ROOT}/tools/${name}`));
      mounts.push(readOnly(path.join(INSIDE_PROGRAMS, "package-manager"), `${LAUNCHERS}/${name}`));
      break;
    }
  }
  return mounts;
}

/** What stands for one folder of the host's PATH inside; nothing for most. */
async function toolFolders(folder: string, home: string): Promise<ToolFolder[]> {
  const real = await realpath(folder).catch(() => null);
  if (real === null || !(await isFolder(real))) return [];
  if (isWithin(real, "/usr") || ["/bin", "/sbin"].includes(real)) return [{ root: null, bin: folder }];
  if (isWithin(real, path.join(home, ".pyenv"))) return await pyenvFolders(path.join(home, ".pyenv"));
  if (isWithin(real, path.join(home, ".cargo"))) return await rustupFolders(path.join(home, ".rustup"));

  const root = path.basename(real) === "bin" ? path.dirname(real) : real;
  if (root.split("/").length < 3 || whyProtected(root, [home, "/root", "/home"]) !== null) return [];
  const isGo = (await isFile(path.join(root, "VERSION"))) && (await isFolder(path.join(root, "src/runtime")));
  if (isGo) return [{ root, bin: path.join(root, "bin") }];
  const isHome = [home, "/root", "/home"].some((place) => isWithin(real, place));
  return !isHome && (await holdsTool(real)) ? [{ root, bin: real }] : [];
}
