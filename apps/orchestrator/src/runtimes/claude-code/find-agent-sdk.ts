import { access, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export const PACKAGE = "@anthropic-ai/claude-agent-sdk";
/** Series of versions whose messages and options are known; each version brings its own Claude Code. */
const SERIES = /^0\.3\.\d+$/;

/** Where the SDK is installed, and the program it came with. */
export interface FoundSdk {
  readonly version: string;
  /** Host path of its main module. */
  readonly module: string;
  /** Host path of Claude Code's binary for this machine. */
  readonly binary: string;
}

export type SdkSearch =
  | { readonly found: true; readonly sdk: FoundSdk }
  | { readonly found: false; readonly problem: string };

export interface FindOptions {
  /** Folders with a `node_modules`, looked through first, in this order. */
  readonly folders: readonly string[];
  /** Name of this machine in the binary's package. Default: this process's platform and processor. */
  readonly platform?: string;
}

/** Looks for the SDK in the given folders, then where Node finds packages. */
export async function findAgentSdk({ folders, platform = thisPlatform() }: FindOptions): Promise<SdkSearch> {
  const roots = [...folders.map((folder) => join(folder, "node_modules", PACKAGE)), ...ordinaryRoots()];
  for (const root of roots) {
    const manifest = await readManifest(join(root, "package.json"));
    if (manifest === null) continue;
    const { version } = manifest;
    if (!SERIES.test(version))
      return { found: false, problem: `${PACKAGE} ${version} in ${root} is not of the series 0.3` };
    for (const flavour of platform.startsWith("linux") ? [platform, `${platform}-musl`] : [platform]) {
      const binary = join(dirname(root), `claude-agent-sdk-${flavour}`, "claude");
      if (await exists(binary))
        return { found: true, sdk: { version, module: join(root, "sdk.mjs"), binary } };
    }
    return {
      found: false,
      problem: `${PACKAGE} ${version} in ${root} came without its program for ${platform}`,
    };
  }
  return { found: false, problem: `${PACKAGE} is not installed` };
}

const thisPlatform = (): string => `${process.platform}-${process.arch}`;

/** Where an `npm install` beside Mosaic would have put it. */
function ordinaryRoots(): string[] {
  const paths = createRequire(import.meta.url).resolve.paths(PACKAGE) ?? [];
  return paths.map((folder) => join(folder, PACKAGE));
}

/** Null when there is none. */
async function readManifest(path: string): Promise<{ version: string } | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw error;
  });
  return text === null ? null : { version: versionIn(text) };
}

function versionIn(manifest: string): string {
  try {
    const { version } = JSON.parse(manifest) as { version?: unknown };
    return typeof version === "string" ? version : "of unknown version";
  } catch {
    return "(its package.json cannot be read)";
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
