import type { Finding, SecretScanner } from "@mosaic/secrets";
import type { Workspace, Workspaces } from "../git/port.ts";

/** Largest blob that is read; a larger one is a finding, because nobody looked into it. */
export const MAX_SCANNED_BYTES = 10_000_000;

interface ScanServices {
  readonly workspaces: Workspaces;
  readonly scanner: SecretScanner;
}

/**
 * Scans every blob a snapshot adds or changes, read from git and not from paths. What cannot be read counts as a
 * finding.
 */
export async function scanSnapshot(
  services: ScanServices,
  workspace: Workspace,
  commit: string,
): Promise<{ readonly blobs: number; readonly findings: readonly Finding[] }> {
  const blobs = await services.workspaces.addedBlobs(workspace, commit);
  const findings: Finding[] = [];
  for (const blob of blobs) {
    const content = await services.workspaces.readBlob(workspace.mirror, blob.objectId, MAX_SCANNED_BYTES);
    findings.push(...services.scanner.scan({ path: blob.path, content }));
  }
  return { blobs: blobs.length, findings };
}
