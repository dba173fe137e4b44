import type { Migrated } from "../postgres/migrate.ts";
import type { AdoptOptions, Adoption } from "./adopt.ts";
import type { Header } from "./header.ts";
import type { Finding } from "./look-at-servers.ts";
import type { DistributedPlace, EmbeddedPlace, Place } from "./place.ts";
import { checkFile } from "./read-file.ts";
import { writeFile, type WriteOptions } from "./write-file.ts";

export { MoveError, type DistributedPlace, type EmbeddedPlace, type Place } from "./place.ts";
export type { Adoption, Remembered } from "./adopt.ts";
export type { Finding } from "./look-at-servers.ts";

/** What a file holds. */
export type Contents = Pick<Header, "kinds" | "newestEvent" | "queue" | "audit" | "from">;

/**
 * Writes an installation that is not running to a file: everything but the files of workspaces, mirrors and salvages, which
 * stay in their data folders. The file holds no token, but hashes of them and the salt of fingerprints.
 * @throws MoveError, FolderLockedError, StoreUnavailableError, CorruptRecordError
 */
export async function exportInstallation(from: Place, to: WriteOptions): Promise<Contents> {
  if (isEmbedded(from)) {
    const { withEmbeddedSource } = await import("./embedded.ts");
    return await withEmbeddedSource(from, (source) => writeFile(source, to));
  }
  const { withDistributedSource } = await import("./distributed-source.ts");
  return await withDistributedSource(from, (source) => writeFile(source, to));
}

/**
 * Puts an installation from a file into an empty place, wholly or not at all, and compares what can be read there with the
 * file. It is audited there. A call that was interrupted is to be repeated. @throws MoveError, FolderLockedError, TransferError, StoreUnavailableError
 */
export async function importInstallation(
  to: Place,
  { file, signal, ...mover }: WriteOptions,
): Promise<Contents> {
  const checked = await checkFile(file, signal);
  if (isEmbedded(to)) {
    const { importEmbedded } = await import("./embedded.ts");
    await importEmbedded(to, { file: checked, mover, signal });
  } else {
    const { importDistributed } = await import("./distributed-target.ts");
    await importDistributed(to, { file: checked, mover, signal });
  }
  return checked.header;
}

/** See `adoptValkey` in `adopt.ts`. */
export async function adoptValkey(place: DistributedPlace, options: AdoptOptions): Promise<Adoption> {
  return await (await import("./adopt.ts")).adoptValkey(place, options);
}

/** See `lookAtServers` in `look-at-servers.ts`. */
export async function lookAtServers(place: DistributedPlace): Promise<readonly Finding[]> {
  return await (await import("./look-at-servers.ts")).lookAtServers(place);
}

/** Brings a PostgreSQL to the newest schema. @throws StoreUnavailableError */
export async function migrateDatabase({
  databaseUrl,
}: Pick<DistributedPlace, "databaseUrl">): Promise<Migrated> {
  return await (await import("../postgres/open.ts")).migratePostgres(databaseUrl);
}

function isEmbedded(place: EmbeddedPlace | DistributedPlace): place is EmbeddedPlace {
  return "home" in place;
}
