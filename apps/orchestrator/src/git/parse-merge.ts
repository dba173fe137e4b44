/** One side's version of a path in conflict: 1 is the common ancestor, 2 the head, 3 the work. */
export interface MergeStage {
  readonly stage: 1 | 2 | 3;
  readonly path: string;
  readonly mode: string;
  readonly objectId: string;
}

/** What git says of paths: merged, or in conflict. */
export interface MergeNote {
  readonly paths: readonly string[];
  /** git's stable name: `Auto-merging`, `CONFLICT (contents)`, … */
  readonly kind: string;
  readonly text: string;
}

/**
 * Reads `merge-tree --write-tree -z`: the tree's id, `mode id stage TAB path` for every version of a path in conflict,
 * an empty field, then for every note the number of its paths, the paths, its kind and its text.
 */
export function parseMerge(output: string): {
  readonly tree: string;
  readonly stages: readonly MergeStage[];
  readonly notes: readonly MergeNote[];
} {
  const [tree = "", ...fields] = output.split("\0");
  const end = fields.indexOf("");
  const staged = end === -1 ? fields : fields.slice(0, end);
  const stages = staged.flatMap((field) => {
    const [, mode = "", objectId = "", stage = "", path = ""] =
      /^(\d{6}) ([0-9a-f]+) ([123])\t(.*)$/s.exec(field) ?? [];
    return path === "" ? [] : [{ mode, objectId, stage: Number(stage) as MergeStage["stage"], path }];
  });
  return { tree: tree.trim(), stages, notes: notesIn(end === -1 ? [] : fields.slice(end + 1)) };
}

function notesIn(fields: readonly string[]): readonly MergeNote[] {
  const notes: MergeNote[] = [];
  for (let at = 0; at < fields.length;) {
    const count = Number(fields[at]);
    if (fields[at] === "" || !Number.isInteger(count)) break;
    const [kind = "", text = ""] = fields.slice(at + 1 + count, at + 3 + count);
    notes.push({ paths: fields.slice(at + 1, at + 1 + count), kind, text: text.trim() });
    at += count + 3;
  }
  return notes;
}
