import type { Conflict, MirrorReader, Snapshot, Workspace } from "../../git/port.ts";
import { hasLeftoverMarkers } from "../leftover-markers.ts";
import { type AttemptContext, record } from "../context.ts";
import type { Rejection } from "../rejection.ts";

/** Largest file that is looked into. Markers were written by us, into text; what is larger than this is none. */
const MAX_BYTES = 10_000_000;

/** After a conflict: files of the snapshot that still hold both sides between markers. */
export async function findMarkers(
  context: AttemptContext,
  workspace: Workspace,
  { snapshot, conflict }: { readonly snapshot: Snapshot; readonly conflict: Conflict | null },
): Promise<Rejection | null> {
  context.services.reach("markers.checked");
  if (conflict === null) return null;
  const { commit } = snapshot;
  const left = await context.services.workspaces.reading(workspace.mirror, (reader) =>
    pathsWithMarkers(reader, { workspace, commit }, conflict),
  );
  if (left.length === 0) return null;
  await record(context, {
    type: "integration.unresolved",
    data: { commit: snapshot.commit, files: left.slice(0, 200) },
  });
  const shown = left.slice(0, 20).join(", ");
  return {
    reason: "conflict",
    what: `the conflict with ${workspace.baseBranch} is not resolved: ${shown} still ${left.length === 1 ? "has" : "have"} conflict markers, or ${left.length === 1 ? "is" : "are"} a copy that git put aside`,
    details: left.slice(0, 200).join("\n"),
    note: "Decide for each part between `<<<<<<<` and `>>>>>>>` what it has to be, and remove the markers.",
    evidence: { commit: snapshot.commit, head: conflict.head, files: left },
  };
}

async function pathsWithMarkers(
  reader: MirrorReader,
  { workspace, commit }: { readonly workspace: Workspace; readonly commit: string },
  conflict: Conflict,
): Promise<readonly string[]> {
  const read = async (objectId: string | null): Promise<string> => {
    const bytes = objectId === null ? null : await reader.readBlob(objectId, MAX_BYTES);
    return bytes?.toString("latin1") ?? "";
  };
  const { labels } = conflict;
  const left: string[] = [];
  for (const { path, objectId } of await reader.addedBlobs(workspace, commit)) {
    const file = conflict.files.find((candidate) => candidate.path === path && candidate.hunks !== null);
    const sides = file === undefined ? null : [await read(file.ours), await read(file.theirs)];
    // What git put beside a file because both could not have its name.
    const isAside = [labels.ours, labels.theirs].some((label) => path.includes(`~${label}`));
    if (isAside || hasLeftoverMarkers(await read(objectId), { labels, sides })) left.push(path);
  }
  return left;
}
