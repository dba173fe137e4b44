import { createMemory, type Memory } from "@mosaic/git";
import type { ChangedFile, RuleFile } from "./port.ts";

/** One path that differs between two trees. Renames are a removal and an addition. */
export interface Change extends ChangedFile {
  /** Octal, `000000` when it is not there. */
  readonly oldMode: string;
  readonly newMode: string;
  readonly oldId: string;
  readonly newId: string;
}

/** What was learned of objects of the mirrors. */
export interface Facts {
  /** By mirror and two ids: what differs. */
  readonly changes: Memory<readonly Change[]>;
  /** By mirror and commit: paths that are other repositories, of a tree that is not too large. */
  readonly surveys: Memory<readonly string[]>;
  /** By mirror, commit and path: what was read there. */
  readonly files: Memory<{ readonly is: Buffer | null }>;
  readonly rules: Memory<{ readonly is: RuleFile }>;
}

/** Each change that is kept takes a few hundred bytes. */
const KEPT_CHANGES = 10_000;
const KEPT_BYTES = 2_000_000;

export function createFacts(): Facts {
  const limits = { entries: 200, weight: KEPT_CHANGES, weigh: (list: readonly unknown[]) => list.length };
  const texts = { entries: 200, weight: KEPT_BYTES };
  return {
    changes: createMemory<readonly Change[]>(limits),
    surveys: createMemory<readonly string[]>(limits),
    files: createMemory<{ is: Buffer | null }>({ ...texts, weigh: ({ is }) => is?.length ?? 1 }),
    rules: createMemory<{ is: RuleFile }>({
      ...texts,
      weigh: ({ is }) => (is.kind === "text" ? is.text.length : 1),
    }),
  };
}
