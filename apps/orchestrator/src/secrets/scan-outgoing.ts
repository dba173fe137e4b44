import type { Finding } from "@mosaic/secrets";
import type { MirrorReader } from "../git/port.ts";
import { type Found, judge, scanBlobs, type ScanServices, type ScanTarget } from "./scan-snapshot.ts";

/** How findings in what is not a file name their place. */
const messageOf = (commit: string): string => `the message of commit ${commit.slice(0, 12)}`;
const BRANCH = "the name of the branch";

/**
 * Scans everything a push would make public: the branch's name, and of every commit that the remote does not have yet
 * its message and what it adds, whether or not a later commit takes it away again.
 */
export async function scanOutgoing(
  services: ScanServices,
  target: ScanTarget,
  commit: string,
): Promise<Found & { readonly commits: number; readonly blobs: number }> {
  const look = (reader: MirrorReader) => scanCommits(services, { ...target, reader }, commit);
  const { findings, ...counts } = await services.workspaces.reading(target.workspace.mirror, look);
  return { ...counts, ...(await judge(services, findings)) };
}

async function scanCommits(
  services: ScanServices,
  { workspace, known, reader }: ScanTarget & { readonly reader: MirrorReader },
  commit: string,
): Promise<{ readonly commits: number; readonly blobs: number; readonly findings: readonly Finding[] }> {
  const commits = await reader.outgoing(workspace, commit);
  const text = (path: string, content: string): Promise<readonly Finding[]> =>
    services.fileScanner
      .scan({ path: "", content: Buffer.from(content) }, known)
      .then((findings) => findings.map((finding) => ({ ...finding, path, line: null })));
  const findings = [...(await text(BRANCH, workspace.branch))];
  const seen = new Set<string>();
  for (const { id, message, blobs } of commits) {
    findings.push(...(await text(messageOf(id), message)));
    const fresh = blobs.filter(({ path, objectId }) => !seen.has(`${objectId} ${path}`));
    for (const { path, objectId } of fresh) seen.add(`${objectId} ${path}`);
    findings.push(...(await scanBlobs(services, { reader, known }, fresh)));
  }
  return { commits: commits.length, blobs: seen.size, findings };
}
