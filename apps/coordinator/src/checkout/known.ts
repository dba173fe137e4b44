import { createMemory, type Memory } from "@mosaic/git";

/** The entries of a commit's tree. */
export interface Listing {
  /** Ids of the contents of regular files, by path. */
  readonly blobs: ReadonlyMap<string, string>;
  /** Paths of symbolic links. */
  readonly links: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
}

/**
 * What was read of commits before. Both phases of gates look at the same commit, and all agents of a branch at the same
 * base; ids name contents, so nothing of this can be out of date.
 */
export interface Known {
  /** By repository and commit. */
  readonly listings: Memory<Listing>;
  /** The tree, by repository and commit. */
  readonly trees: Memory<string>;
  /** By repository, base and commit: those whose history holds the base. */
  readonly descents: Memory<true>;
  /** By the id of a blob. */
  readonly texts: Memory<string>;
}

const IDS = 1000;
/** Paths and characters that are kept, about ten megabytes each. */
const PATHS = 50_000;
const CHARACTERS = 5_000_000;

export function createKnown(): Known {
  return {
    listings: createMemory({ entries: 64, weight: PATHS, weigh: ({ paths }) => paths.size + 1 }),
    trees: createMemory({ entries: IDS, weight: IDS, weigh: () => 1 }),
    descents: createMemory({ entries: IDS, weight: IDS, weigh: () => 1 }),
    texts: createMemory({ entries: 1000, weight: CHARACTERS, weigh: (text) => text.length + 1 }),
  };
}
