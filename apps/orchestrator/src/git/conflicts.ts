import type { ObjectReader } from "@mosaic/git";
import { readBlob } from "./blobs.ts";
import type { GitContext } from "./context.ts";
import { hunksOf } from "./conflict-hunks.ts";
import type { TreeMerge } from "./merge-trees.ts";
import type { MergeStage } from "./parse-merge.ts";
import type { ConflictFile, ConflictSide } from "./port.ts";
import { askMirror } from "./read-mirror.ts";

/** Files that are looked into; the rest is named only. */
const MAX_FILES = 50;
/** A file with more bytes than this is not shown. */
const MAX_BYTES = 1_000_000;
/** Of what one side has, where nothing could be merged. Characters. */
const SIDE_CHARACTERS = 2000;

interface Subject {
  readonly mirror: string;
  readonly baseBranch: string;
}

/**
 * What is in conflict, path by path: the kind, git's own sentence, what lies in the merged tree, and both sides (parts
 * between markers where git could put both into one file). Read from objects, never from a working tree.
 */
export async function describeConflicts(
  context: Pick<GitContext, "git" | "limits">,
  { mirror, baseBranch }: Subject,
  merge: TreeMerge,
): Promise<readonly ConflictFile[]> {
  const paths = conflictPaths(merge);
  const merged = await entriesOf(context, mirror, { tree: merge.tree, paths });
  return await askMirror(context, { mirror }, async (objects) => {
    const files: ConflictFile[] = [];
    for (const [index, path] of paths.entries()) {
      const stages = merge.stages.filter((stage) => stage.path === path);
      const named = nameKind(merge, { path, baseBranch, stages });
      const at = merged.get(path);
      const look = index < MAX_FILES ? await lookInto(objects, { stages, at }) : NOTHING_SHOWN;
      files.push({
        path,
        ...named,
        inTree: whose(stages, at),
        ours: stages.find(({ stage }) => stage === 2)?.objectId ?? null,
        theirs: stages.find(({ stage }) => stage === 3)?.objectId ?? null,
        ...look,
      });
    }
    return files;
  });
}

function conflictPaths({ stages, notes }: TreeMerge): readonly string[] {
  const noted = notes.filter(({ kind }) => kind.startsWith("CONFLICT")).flatMap(({ paths }) => paths);
  return [...new Set([...stages.map(({ path }) => path), ...noted])].toSorted();
}

interface Naming {
  readonly path: string;
  readonly baseBranch: string;
  readonly stages: readonly MergeStage[];
}

function nameKind(
  { notes, labels }: TreeMerge,
  { path, baseBranch, stages }: Naming,
): Pick<ConflictFile, "kind" | "note"> {
  const about = notes.filter(({ kind, paths }) => kind.startsWith("CONFLICT") && paths.includes(path));
  const note = about
    .map(({ text }) => text)
    .filter((text) => text.startsWith("CONFLICT"))
    .join(" ")
    .replaceAll(labels.ours, baseBranch)
    .replaceAll(labels.theirs, "your work");
  if (about.some(({ kind }) => kind === "CONFLICT (binary)")) return { kind: "binary", note };
  if (stages.some(({ mode }) => mode === "120000")) return { kind: "symlink", note };
  return { kind: /^CONFLICT \(([^)]+)\)/.exec(note)?.[1] ?? "content", note };
}

interface Entry {
  readonly mode: string;
  readonly objectId: string;
}

async function entriesOf(
  { git, limits }: Pick<GitContext, "git" | "limits">,
  mirror: string,
  { tree, paths }: { readonly tree: string; readonly paths: readonly string[] },
): Promise<ReadonlyMap<string, Entry>> {
  const { stdout } = await git.run({
    command: "ls-tree",
    gitDir: mirror,
    options: ["-r", "-z", "--full-tree"],
    values: [tree],
    paths: paths.slice(0, MAX_FILES),
    timeoutMs: limits.localMs,
  });
  const lines = stdout
    .toString()
    .split("\0")
    .filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [mode = "", , objectId = ""] = line.split(/[ \t]/, 3);
      return [line.slice(line.indexOf("\t") + 1), { mode, objectId }];
    }),
  );
}

function whose(stages: readonly MergeStage[], at: Entry | undefined): ConflictFile["inTree"] {
  if (at === undefined) return "nothing";
  const same = stages.find(({ stage, objectId }) => stage !== 1 && objectId === at.objectId);
  if (same === undefined) return "both";
  return same.stage === 2 ? "head" : "work";
}

type Look = Pick<ConflictFile, "hunks" | "sides">;
const NOTHING_SHOWN: Look = { hunks: null, sides: null };

async function lookInto(
  objects: ObjectReader,
  { stages, at }: { readonly stages: readonly MergeStage[]; readonly at: Entry | undefined },
): Promise<Look> {
  const isMarked = at !== undefined && at.mode.startsWith("100") && whose(stages, at) === "both";
  if (isMarked) {
    const content = await readBlob(objects, at.objectId, MAX_BYTES);
    const hunks = content === null || content.includes(0) ? "" : hunksOf(content.toString("utf8"));
    if (hunks !== "") return { hunks, sides: null };
  }
  const side = (number: 2 | 3): Promise<ConflictSide | null> =>
    readSide(
      objects,
      stages.find(({ stage }) => stage === number),
    );
  return { hunks: null, sides: { head: await side(2), work: await side(3) } };
}

async function readSide(objects: ObjectReader, stage: MergeStage | undefined): Promise<ConflictSide | null> {
  if (stage === undefined) return null;
  const { mode, objectId } = stage;
  if (mode === "160000") return { mode, text: null };
  const content = await readBlob(objects, objectId, MAX_BYTES);
  if (content === null || content.includes(0)) return { mode, text: null };
  const text = content.toString("utf8");
  return { mode, text: text.length <= SIDE_CHARACTERS ? text : `${text.slice(0, SIDE_CHARACTERS)}\n…` };
}
