import { readdir, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import type { GitContext } from "../context.ts";
import { exists, namesIn } from "../exists.ts";
import { messageOf } from "../step.ts";
import { isBorrowed, mirrorsOf, TO_PACK } from "./sets.ts";

type Context = Pick<GitContext, "git" | "layout" | "mirrors">;

/** Packs and loose objects beyond which a mirror is packed anew; git's own figures (gc.autoPackLimit, gc.auto). */
const MANY_PACKS = 50;
const MANY_LOOSE = 6700;
/** Folders loose objects are spread over; one of them is counted. */
const LOOSE_FOLDERS = 256;
/** A mirror of many gigabytes takes its time; whoever needs it interrupts. */
const LONGEST_MS = 3_600_000;

/** Packs mirrors that grew, or lost something, and drops what nothing refers to. */
export async function reclaimSpace(context: Context, signal: AbortSignal): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const mirror of await mirrorsOf(context)) {
    if (signal.aborted) break;
    if (!(await exists(join(mirror, TO_PACK))) && !(await hasGrown(mirror))) continue;
    const name = basename(mirror);
    try {
      const outcome = await context.mirrors.whileIdle(mirror, (needed) =>
        packAnew(context, mirror, AbortSignal.any([needed, signal])),
      );
      lines.push(`${name}: ${outcome}`);
    } catch (error) {
      lines.push(`${name}: could not be packed: ${messageOf(error)}`);
    }
  }
  return lines;
}

/**
 * Nobody fetches, moves refs or makes a workspace meanwhile, and no workspace is there: no object is on its way in
 * without a ref, and no agent borrows one. What a kill interrupts here is done again the next time.
 */
async function packAnew(context: Context, mirror: string, signal: AbortSignal): Promise<"packed" | "in use"> {
  if (await isBorrowed(context, mirror)) return "in use";
  const packs = join(mirror, "objects", "pack");
  for (const name of await namesIn(packs)) {
    if (name.startsWith(".tmp-") || name.startsWith("tmp_")) await rm(join(packs, name), { force: true });
  }
  const common = { gitDir: mirror, timeoutMs: LONGEST_MS, signal } as const;
  await context.git.run({ ...common, command: "repack", options: ["-a", "-d", "-l", "-q"] });
  await context.git.run({ ...common, command: "prune", options: ["--expire=now"] });
  await rm(join(mirror, TO_PACK), { force: true });
  return "packed";
}

async function hasGrown(mirror: string): Promise<boolean> {
  const packs = (await namesIn(join(mirror, "objects", "pack"))).filter((name) => name.endsWith(".pack"));
  if (packs.length > MANY_PACKS) return true;
  const sample = await readdir(join(mirror, "objects", "17")).catch(() => []);
  return sample.length * LOOSE_FOLDERS > MANY_LOOSE;
}
