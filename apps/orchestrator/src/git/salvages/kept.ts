import type { Stats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import { namesIn } from "../exists.ts";
import type { Layout } from "../layout.ts";

/** A folder of what could not be saved as a commit: an agent's files, its git directory, or something of no agent. */
export interface Kept {
  readonly name: string;
  readonly agentId: string | null;
  /** When it was put there, in milliseconds since the epoch. */
  readonly at: number;
}

const OF_AN_AGENT = /^(?:git-)?agent-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-/;

/** What lies in `kept`, newest first. */
export async function listKept({ kept }: Pick<Layout, "kept">): Promise<readonly Kept[]> {
  const found = await Promise.all(
    (await namesIn(kept)).map(async (name): Promise<Kept[]> => {
      const facts = await lstat(join(kept, name)).catch(ifGone);
      // Moving a folder changes its ctime, not its mtime.
      return facts === null
        ? []
        : [{ name, agentId: OF_AN_AGENT.exec(name)?.[1] ?? null, at: facts.ctimeMs }];
    }),
  );
  return found.flat().sort((a, b) => b.at - a.at);
}

export interface KeptEntry {
  /** Below the folder, as bytes. */
  readonly path: Buffer;
  readonly facts: Stats;
}

/** Everything below a folder, each folder before what is in it. No link is followed. */
export async function* walkKept(folder: string, skip: (path: Buffer) => boolean): AsyncGenerator<KeptEntry> {
  const open: Buffer[] = [Buffer.alloc(0)];
  for (let inside = open.pop(); inside !== undefined; inside = open.pop()) {
    for (const name of await readdir(placeOf(folder, inside), { encoding: "buffer" })) {
      const path = inside.length === 0 ? name : Buffer.concat([inside, Buffer.from("/"), name]);
      if (skip(path)) continue;
      const facts = await lstat(placeOf(folder, path)).catch(ifGone);
      if (facts === null) continue;
      yield { path, facts };
      if (facts.isDirectory()) open.push(path);
    }
  }
}

/** Where an entry lies. */
export function placeOf(folder: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), path]);
}

export interface Weight {
  readonly files: number;
  readonly bytes: number;
}

/** Weights of folders in `kept`, by name. What lies there never changes, and may be a million files. */
export type Weights = Map<string, Promise<Weight>>;

/** What a folder in `kept` weighs; counted once. */
export async function weightOf(
  { kept }: Pick<Layout, "kept">,
  name: string,
  weights: Weights,
): Promise<Weight> {
  const weight = weights.get(name) ?? weigh(join(kept, name));
  weights.set(name, weight);
  // An error is for whoever asked; the next one tries again.
  weight.catch(() => weights.delete(name));
  return await weight;
}

/** Files and bytes below a folder. */
async function weigh(folder: string): Promise<Weight> {
  let [files, bytes] = [0, 0];
  for await (const { facts } of walkKept(folder, () => false)) {
    if (facts.isDirectory()) continue;
    files += 1;
    bytes += facts.size;
  }
  return { files, bytes };
}

function ifGone(error: NodeJS.ErrnoException): null {
  if (error.code === "ENOENT") return null;
  throw error;
}
