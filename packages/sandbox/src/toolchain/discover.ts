import { access, constants, readFile, realpath, stat } from "node:fs/promises";
import path from "node:path";

/** Programs that gates run; a folder of the PATH without any of them is none of a sandbox's business. */
const TOOLS = (
  "git make cmake ninja cc gcc clang go cargo rustc python3 python pip3 uv poetry pytest ruff deno bun java javac mvn " +
  "gradle ruby bundle php dotnet"
).split(" ");

export async function holdsTool(folder: string): Promise<boolean> {
  const found = await Promise.all(TOOLS.map(async (name) => await isExecutable(path.join(folder, name))));
  return found.includes(true);
}

/**
 * The folder of the Node package that a program on the PATH belongs to, when that package has a program of this name.
 * Null for anything else, such as the shims of version managers.
 */
export async function packageOf(program: string, name: string): Promise<string | null> {
  if (!(await isExecutable(program))) return null;
  let folder = path.dirname(await realpath(program));
  while (folder !== path.dirname(folder)) {
    const manifest = await readFile(path.join(folder, "package.json"), "utf8").catch(() => null);
    if (manifest !== null && binsOf(manifest).includes(name)) return folder;
    folder = path.dirname(folder);
  }
  return null;
}

function binsOf(manifest: string): string[] {
  try {
    const { name, bin } = JSON.parse(manifest) as { name?: string; bin?: string | Record<string, string> };
    return typeof bin === "string" ? [name ?? ""] : Object.keys(bin ?? {});
  } catch {
    return []; // some other file of that name
  }
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return await isFile(file);
  } catch {
    return false;
  }
}

export async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

export async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => null))?.isDirectory() ?? false;
}
