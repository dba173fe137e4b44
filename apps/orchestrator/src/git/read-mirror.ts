import { type Memory, type ObjectReader, withObjects } from "@mosaic/git";
import { addedBlobs, readBlob, readFileAt } from "./blobs.ts";
import type { GitContext } from "./context.ts";
import { outgoingCommits } from "./outgoing.ts";
import type { MirrorReader } from "./port.ts";
import { readRuleFile } from "./rule-file.ts";

interface Place {
  readonly mirror: string;
  readonly signal?: AbortSignal | undefined;
}

/** One process that answers questions about the objects and refs of a mirror, for as long as `action` takes. */
export async function askMirror<T>(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  { mirror, signal }: Place,
  action: (objects: ObjectReader) => Promise<T>,
): Promise<T> {
  return await withObjects(git, { gitDir: mirror, timeoutMs: limits.localMs, signal }, action);
}

/** The same for whoever knows of files and commits, and not of git. */
export async function readMirror<T>(
  context: Pick<GitContext, "git" | "limits" | "facts">,
  place: Place,
  action: (reader: MirrorReader) => Promise<T>,
): Promise<T> {
  const { mirror } = place;
  return await askMirror(context, place, (objects) =>
    action({
      addedBlobs: ({ baseCommit }, commit) => addedBlobs(context, { objects, mirror, baseCommit }, commit),
      outgoing: ({ baseCommit }, commit) => outgoingCommits(context, { objects, mirror, baseCommit }, commit),
      readBlob: (objectId, maxBytes) => readBlob(objects, objectId, maxBytes),
      readFile: (commit, path, maxBytes) =>
        once(context.facts.files, `${mirror} ${commit} ${maxBytes} ${path}`, () =>
          readFileAt(objects, { commit, path }, maxBytes),
        ),
      readRules: (commit, path, maxBytes) =>
        once(context.facts.rules, `${mirror} ${commit} ${maxBytes} ${path}`, () =>
          readRuleFile(objects, { commit, path }, maxBytes),
        ),
    }),
  );
}

/** All agents of a branch are told by the same commit: what it says is read once. */
async function once<T>(memory: Memory<{ readonly is: T }>, key: string, read: () => Promise<T>): Promise<T> {
  const known = memory.get(key);
  if (known !== undefined) return known.is;
  const is = await read();
  memory.set(key, { is });
  return is;
}
