import { readFile, rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { measure, type Size } from "./outputs.ts";

/** What is kept with a prepared entry; written last, so that an entry that has it is whole. */
const Marker = z.object({
  manager: z.string(),
  command: z.string(),
  folders: z.array(z.object({ path: z.string(), scratch: z.array(z.string()) })),
  /** Whether there is a folder beside the tree, for ENVIRONMENT_FOLDER. */
  environment: z.boolean().default(false),
  files: z.int(),
  bytes: z.int(),
});
export type Marker = z.infer<typeof Marker>;

const MARKER = "prepared.json";
/** Holds the prepared folders at the places they have in a tree. */
export const ENTRY_TREE = "tree";
/** What commands of the base branch left in ENVIRONMENT_FOLDER. */
export const ENTRY_ENVIRONMENT = "environment";

/** Makes a finished folder an entry, in one step. False when another process was faster: its entry is as good. */
export async function publishEntry(finished: string, entry: string, marker: Marker): Promise<boolean> {
  await writeFile(join(finished, MARKER), JSON.stringify(marker), { flag: "wx" });
  try {
    await rename(finished, entry);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

/** An entry's marker, or null when there is no such entry (or not a whole one). */
export async function readEntry(entry: string): Promise<Marker | null> {
  let text: string;
  try {
    text = await readFile(join(entry, MARKER), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    return Marker.parse(JSON.parse(text));
  } catch {
    // Cut off by a power failure: the same as none.
    return null;
  }
}

/** Files and bytes of what an entry holds. */
export async function measureEntry(
  entry: string,
  { environment }: { readonly environment: boolean },
): Promise<Size> {
  const tree = await measure(join(entry, ENTRY_TREE));
  if (!environment) return tree;
  const beside = await measure(join(entry, ENTRY_ENVIRONMENT));
  return { files: tree.files + beside.files, bytes: tree.bytes + beside.bytes };
}

/** True when an entry still has the files and bytes it was made with: a power cut can leave empty files behind. */
export async function isWhole(entry: string, marker: Marker): Promise<boolean> {
  try {
    const size = await measureEntry(entry, marker);
    return size.files === marker.files && size.bytes === marker.bytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** Notes that an entry is used now; the oldest use goes first when space is needed. */
export async function touchEntry(entry: string, now: number): Promise<void> {
  await utimes(join(entry, MARKER), now / 1000, now / 1000);
}

export const markerPath = (entry: string): string => join(entry, MARKER);
