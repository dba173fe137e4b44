import type { FileScanner, Finding, KnownSecret, SecretScanner } from "@mosaic/secrets";
import type { AllowedSecrets } from "@mosaic/store";
import type { AddedBlob, MirrorReader, Workspace, Workspaces } from "../git/port.ts";

/** Largest blob that is read; a larger one is a finding, because nobody looked into it. */
export const MAX_SCANNED_BYTES = 10_000_000;

export interface ScanServices {
  readonly workspaces: Pick<Workspaces, "reading">;
  readonly scanner: SecretScanner;
  readonly fileScanner: FileScanner;
  readonly allowedSecrets: Pick<AllowedSecrets, "list">;
}

/** What a scan found: what blocks, and what would if nobody had let it pass. */
export interface Found {
  readonly blocking: readonly Finding[];
  readonly allowed: readonly Finding[];
}

/** What is scanned for whom. */
export interface ScanTarget {
  readonly workspace: Workspace;
  /** Values that are looked for besides what this instance holds: the agent's canary. */
  readonly known: readonly KnownSecret[];
  /** Ends the scan between two blobs. */
  readonly signal?: AbortSignal;
}

/** Scans every blob a snapshot adds or changes, and its path; read from git and not from the agent's files. */
export async function scanSnapshot(
  services: ScanServices,
  { workspace, known, signal }: ScanTarget,
  commit: string,
): Promise<Found & { readonly blobs: number }> {
  const look = async (reader: MirrorReader) => {
    const blobs = await reader.addedBlobs(workspace, commit);
    return { blobs: blobs.length, findings: await scanBlobs(services, { reader, known, signal }, blobs) };
  };
  const { blobs, findings } = await services.workspaces.reading(workspace.mirror, look, signal);
  return { blobs, ...(await judge(services, findings)) };
}

/** What cannot be read, or not be scanned in time, counts as a finding. Links count: their target is their text. */
export async function scanBlobs(
  services: Pick<ScanServices, "scanner" | "fileScanner">,
  {
    reader,
    known,
    signal,
  }: {
    readonly reader: Pick<MirrorReader, "readBlob">;
    readonly known: readonly KnownSecret[];
    readonly signal?: AbortSignal | undefined;
  },
  blobs: readonly AddedBlob[],
): Promise<readonly Finding[]> {
  const { scanner, fileScanner } = services;
  const findings: Finding[] = [];
  for (const blob of blobs) {
    signal?.throwIfAborted();
    // A name may hold a secret as well; it is shown without it.
    const path = scanner.redact(blob.path);
    const content = await reader.readBlob(blob.objectId, MAX_SCANNED_BYTES);
    const named = await fileScanner.scan({ path: "", content: Buffer.from(blob.path) }, known);
    const inside = await fileScanner.scan({ path: blob.path, content }, known);
    findings.push(...named.map((finding) => ({ ...finding, path, line: null })));
    findings.push(...inside.map((finding) => ({ ...finding, path })));
  }
  return findings;
}

/**
 * Sets apart what people have let pass. Values this instance holds itself block whatever anybody allowed: with these
 * there is no false alarm.
 */
export async function judge(
  services: Pick<ScanServices, "allowedSecrets">,
  findings: readonly Finding[],
): Promise<Found> {
  if (findings.length === 0) return { blocking: [], allowed: [] };
  const passes = new Set((await services.allowedSecrets.list()).map(({ fingerprint }) => fingerprint));
  const isAllowed = ({ rule, fingerprint }: Finding): boolean =>
    !rule.startsWith("known:") && passes.has(fingerprint);
  return {
    blocking: findings.filter((finding) => !isAllowed(finding)),
    allowed: findings.filter(isAllowed),
  };
}
