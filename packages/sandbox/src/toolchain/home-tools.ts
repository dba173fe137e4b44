import { readFile, realpath } from "node:fs/promises";
import path from "node:path";
import { isWithin } from "../spec-checks.ts";
import { isFolder } from "./discover.ts";

/** A folder for the PATH, and the one to mount for it (null: it is there anyway). */
export interface ToolFolder {
  readonly root: string | null;
  readonly bin: string;
}

/** The versions `pyenv global` names. pyenv's shims would need pyenv itself, and all of its folder. */
export async function pyenvFolders(pyenv: string): Promise<ToolFolder[]> {
  const version = await readFile(path.join(pyenv, "version"), "utf8").catch(() => "");
  return await versionsIn(path.join(pyenv, "versions"), version.split(/\s+/));
}

/** The default toolchain of rustup. ~/.cargo/bin holds rustup's proxies, next to cargo's credentials. */
export async function rustupFolders(rustup: string): Promise<ToolFolder[]> {
  const settings = await readFile(path.join(rustup, "settings.toml"), "utf8").catch(() => "");
  const name = /^default_toolchain\s*=\s*"([^"]+)"/m.exec(settings)?.[1];
  return name === undefined ? [] : await versionsIn(path.join(rustup, "toolchains"), [name]);
}

async function versionsIn(folder: string, names: readonly string[]): Promise<ToolFolder[]> {
  const found: ToolFolder[] = [];
  for (const name of names.filter((candidate) => /^[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(candidate))) {
    const root = await realpath(path.join(folder, name)).catch(() => null);
    // A linked toolchain may lie anywhere; only what the version manager itself keeps is taken.
    if (root === null || !isWithin(root, folder) || !(await isFolder(path.join(root, "bin")))) continue;
    found.push({ root, bin: path.join(root, "bin") });
  }
  return found;
}
