import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Runtimes that can be installed: one folder each, with exact versions in its lockfile. */
const FOLDER = fileURLToPath(new URL("../../../../runtimes", import.meta.url));
export const LOCKFILE = "package-lock.json";

export interface Manifest {
  readonly name: string;
  readonly folder: string;
  readonly packages: Readonly<Record<string, string>>;
  /** What people should know before they use it, such as its licence. */
  readonly notice: string | null;
}

export async function listManifests(): Promise<readonly string[]> {
  const entries = await readdir(FOLDER, { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
}

export async function readManifest(name: string): Promise<Manifest> {
  const folder = join(FOLDER, name);
  const { dependencies, optionalDependencies, mosaic } = JSON.parse(
    await readFile(join(folder, "package.json"), "utf8"),
  ) as {
    dependencies?: Record<string, string>;
    optionalDependencies?: Record<string, string>;
    mosaic?: { notice?: string };
  };
  return {
    name,
    folder,
    packages: { ...optionalDependencies, ...dependencies },
    notice: mosaic?.notice ?? null,
  };
}
