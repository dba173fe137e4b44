import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

const POSTGRES_HOMES = "/usr/lib/postgresql";

/** Path of the first of `names` on the PATH. @throws naming what to install */
export function findProgram(names: readonly string[], install: string): string {
  const folders = (process.env["PATH"] ?? "").split(":");
  for (const name of names)
    for (const folder of folders) if (existsSync(join(folder, name))) return join(folder, name);
  throw new Error(`none of ${names.join(", ")} is installed; install it first (${install})`);
}

/** Folder of PostgreSQL's server programs, the newest version's. Debian does not put them on the PATH. */
export function findPostgres(): string {
  const versions = existsSync(POSTGRES_HOMES) ? readdirSync(POSTGRES_HOMES) : [];
  const found = versions
    .toSorted((one, other) => Number(other) - Number(one))
    .map((version) => join(POSTGRES_HOMES, version, "bin"))
    .find((folder) => existsSync(join(folder, "initdb")));
  if (found !== undefined) return found;
  return join(findProgram(["initdb"], "Debian/Ubuntu: apt-get install postgresql"), "..");
}
