/** What an agent that is at work has changed so far. */
export interface WorkSoFar {
  readonly mirror: string;
  /** Its newest snapshot, and that one's tree. */
  readonly commit: string;
  readonly tree: string;
  readonly paths: readonly string[];
}

/** Somebody with work of their own, and what was said of it already. */
export interface Worker {
  readonly agentId: string;
  readonly taskId: string;
  readonly work: WorkSoFar | null;
  /** Keys of the overlaps that were reported. */
  readonly overlaps: Set<string>;
}

export interface Overlap<W extends Worker = Worker> {
  readonly other: W;
  readonly files: readonly string[];
  readonly key: string;
}

/** Agents of the same repository that changed files this one changed, too; each set of files once for each pair. */
export function newOverlaps<W extends Worker>(one: W, others: readonly W[]): readonly Overlap<W>[] {
  const { work } = one;
  if (work === null) return [];
  const mine = new Set(work.paths);
  return others.flatMap((other) => {
    if (other.agentId === one.agentId || other.work?.mirror !== work.mirror) return [];
    const files = other.work.paths.filter((path) => mine.has(path)).toSorted();
    const pair = [one.agentId, other.agentId].toSorted().join(" ");
    const key = `${pair} ${JSON.stringify(files)}`;
    return files.length === 0 || one.overlaps.has(key) ? [] : [{ other, files, key }];
  });
}
