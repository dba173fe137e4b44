import { AttemptFailure } from "@mosaic/domain";
import { lstat, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { exists } from "./exists.ts";
import type { WorkspaceRecord } from "./record.ts";

/** When git looked at the files for an index, in seconds of the file system's clock. */
const Looked = z.object({ from: z.int(), to: z.int() });

const INDEX = "snapshot-index";
const LOOKED = "snapshot-index.json";

export type Looked = z.infer<typeof Looked>;

/** An index to start from; `looked` is null for the checkout's own. */
export interface StartingIndex {
  readonly path: string;
  readonly looked: Looked | null;
}

/**
 * The index a snapshot starts from: what git learned of the files last time, so that only what has changed is read
 * again, or else the checkout's own (inside, every file's owner looks different from what that one says, so that each
 * is read).
 *
 * git compares times in whole seconds. A file that changed in a second in which git looked may have changed after the
 * look, so the kept index is used only when there is none.
 */
export async function indexToStartFrom(
  privateDir: string,
  record: WorkspaceRecord,
  changedAt: ReadonlySet<number>,
): Promise<StartingIndex> {
  const looked = await readLooked(privateDir);
  if (looked !== null && !changedWithin(looked, changedAt)) return { path: join(privateDir, INDEX), looked };
  if (record.adminDir === null) throw new AttemptFailure("workspace", "the workspace was never filled");
  return { path: join(record.adminDir, "index"), looked: null };
}

/**
 * Keeps the index of a git directory that a sandbox worked with, if git wrote one. Nothing but a plain file is taken
 * from there.
 * @param began the second before the first look at the files
 */
export async function keepIndex(
  gitDir: string,
  privateDir: string,
  { start, began }: { readonly start: StartingIndex; readonly began: number },
): Promise<void> {
  const index = join(gitDir, "index");
  const written = await lstat(index);
  const to = second(written.mtimeMs);
  if (!written.isFile() || to < began) return;
  // A look that began in the second in which the one before ended has not told changes in that second apart.
  const from = start.looked !== null && start.looked.to >= began ? start.looked.from : began;
  const file = join(privateDir, LOOKED);
  await rm(file, { force: true });
  await rename(index, join(privateDir, INDEX));
  await writeFile(`${file}.new`, JSON.stringify({ from, to }));
  await rename(`${file}.new`, file);
}

/** Forgets what git learned of the files: they were replaced. */
export async function forgetIndex(privateDir: string): Promise<void> {
  await rm(join(privateDir, LOOKED), { force: true });
  await rm(join(privateDir, INDEX), { force: true });
}

async function readLooked(privateDir: string): Promise<Looked | null> {
  const file = join(privateDir, LOOKED);
  return (await exists(file)) ? Looked.parse(JSON.parse(await readFile(file, "utf8"))) : null;
}

function changedWithin({ from, to }: Looked, changedAt: ReadonlySet<number>): boolean {
  for (let at = from; at <= to; at += 1) if (changedAt.has(at)) return true;
  return false;
}

/** The second a time in milliseconds lies in. */
export function second(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
