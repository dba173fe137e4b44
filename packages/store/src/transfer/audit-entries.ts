import type { NewAuditEntry } from "../ledgers.ts";
import type { Header } from "./header.ts";
import type { Mover } from "./mover.ts";
import type { CheckedFile } from "./read-file.ts";

const IMPORT = "installation.import";

/** That a copy was taken, for the chain of the installation it was taken of. @param sha256 of the file */
export function exportEntry(
  { by, at }: Mover,
  { header, sha256, file }: { readonly header: Header; readonly sha256: string; readonly file: string },
): NewAuditEntry {
  const data = { counts: countsOf(header) };
  return {
    at,
    actor: by,
    action: "installation.export",
    subject: sha256,
    reason: `written to ${file}`,
    data,
  };
}

/** That an installation came from a file, for the chain that goes on here. */
export function importEntry({ by, at }: Mover, { header, sha256 }: CheckedFile): NewAuditEntry {
  const { from, at: exportedAt, newestEvent } = header;
  return {
    at,
    actor: by,
    action: IMPORT,
    subject: sha256,
    reason: `moved here from ${from === "embedded" ? "one machine" : "servers"}, as it was at ${exportedAt}`,
    data: { from, exportedAt, newestEvent, counts: countsOf(header) },
  };
}

/** Whether an entry tells that this file was moved here. */
export function isImportOf({ sha256 }: CheckedFile, entry: NewAuditEntry | undefined): boolean {
  return entry?.action === IMPORT && entry.subject === sha256;
}

function countsOf({ kinds }: Header): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(kinds).map(([kind, { count }]) => [kind, count]));
}
