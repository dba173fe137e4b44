import { cp, mkdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { usageError } from "../exit.ts";
import { LOCKFILE, listManifests, readManifest, type Manifest } from "../runtimes/manifests.ts";
import { runNpm } from "../runtimes/run-npm.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { CommandContext } from "./context.ts";

/**
 * `mosaic runtime install <name>`: installs what a runtime needs into this machine's data folder, in the versions of
 * its lockfile. Whole or not at all: it is put together beside the place where agents look for it.
 */
export async function installRuntime(context: CommandContext, name: string): Promise<void> {
  const { terminal } = context;
  const names = await listManifests();
  if (!names.includes(name)) {
    throw usageError(
      `there is nothing to install for a runtime '${cleanLine(name)}'`,
      `There is for: ${names.join(", ")}.`,
    );
  }
  const manifest = await readManifest(name);
  const to = join(runtimesFolder(context), name);
  const packages = Object.entries(manifest.packages).map((entry) => entry.join(" "));
  if (manifest.notice !== null) terminal.warn(manifest.notice);
  const isThere = await isInstalled(manifest, to);
  if (!isThere) {
    terminal.say(`installing ${packages.join(", ")}; this can take a minute`);
    await install(context, manifest, to);
  }
  if (terminal.json)
    terminal.jsonLine({ name, folder: to, packages: manifest.packages, installed: !isThere });
  else terminal.line(to);
  if (isThere) terminal.say(`${packages.join(", ")} was installed already`);
  else terminal.say("`mosaic runtime ls` shows it; a server that runs already finds it, too");
}

/** The same as the server's: MOSAIC_RUNTIMES_FOLDER, or `runtimes` in the data folder. */
function runtimesFolder({ env, home, cwd }: CommandContext): string {
  const given = env["MOSAIC_RUNTIMES_FOLDER"] ?? "";
  return given === "" ? join(home, "runtimes") : resolve(cwd, given);
}

/** True when the same lockfile was installed to its end. */
async function isInstalled({ folder }: Manifest, to: string): Promise<boolean> {
  const read = async (path: string): Promise<string | null> =>
    readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
  const [wanted, found] = await Promise.all([read(join(folder, LOCKFILE)), read(join(to, LOCKFILE))]);
  return wanted !== null && wanted === found;
}

async function install(context: CommandContext, { folder }: Manifest, to: string): Promise<void> {
  const { env, signal } = context;
  const draft = `${to}.${context.randomText()}`;
  await mkdir(dirname(to), { recursive: true, mode: 0o700 });
  try {
    await cp(folder, draft, { recursive: true });
    // Packages' own programs do not run with the rights of whoever installs them.
    await runNpm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: draft, env, signal });
    await rm(to, { recursive: true, force: true });
    await rename(draft, to);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
