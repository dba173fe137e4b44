import type { GitContext } from "../context.ts";
import { exists } from "../exists.ts";
import { workspaceNames } from "../set-aside.ts";
import { listTree } from "../tree-listing.ts";
import { listKept, type Weights, weightOf } from "./kept.ts";
import type { Salvaged, SalvageKind } from "./port.ts";

export interface DatedRef {
  readonly name: string;
  readonly objectId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Where salvages are; the agent's id is the next part of the name. */
export const SALVAGE_REFS = ["refs/mosaic/agents", "refs/mosaic/salvage", "refs/mosaic/commits"] as const;

/** Refs that are one of `patterns` or lie below it, with the time of their commit. */
export async function datedRefs(
  { git }: Pick<GitContext, "git">,
  mirror: string,
  patterns: readonly string[],
): Promise<readonly DatedRef[]> {
  const { stdout } = await git.run({
    command: "for-each-ref",
    gitDir: mirror,
    options: ["--format=%(objectname) %(committerdate:unix) %(refname)"],
    values: patterns,
    maxBytes: 256 * 1024 * 1024,
  });
  return stdout
    .toString()
    .split("\n")
    .flatMap((line) => {
      const [objectId, at, name] = line.split(" ");
      return objectId === undefined || name === undefined ? [] : [{ objectId, name, at: Number(at) * 1000 }];
    });
}

/** What there is for an agent, the best first. */
export async function listSalvages(
  context: Pick<GitContext, "git" | "limits" | "layout">,
  { agentId, mirror }: { readonly agentId: string; readonly mirror: string },
  weights: Weights,
): Promise<readonly Salvaged[]> {
  const patterns = SALVAGE_REFS.map((folder) => `${folder}/${agentId}`);
  const refs = (await exists(mirror)) ? await datedRefs(context, mirror, patterns) : [];
  const inUse = (await workspaceNames(context)).some((name) => name.startsWith(`agent-${agentId}-`));
  const found: { readonly order: readonly number[]; readonly item: Salvaged }[] = [];
  for (const ref of refs) {
    const place = placeInOrder(ref.name, inUse);
    if (place !== null)
      found.push({ order: place.order, item: await describe(context, mirror, { ...ref, ...place }) });
  }
  for (const { name, at } of (await listKept(context.layout)).filter((kept) => kept.agentId === agentId)) {
    const weight = await weightOf(context.layout, name, weights);
    const item: Salvaged = {
      ref: `kept/${name}`,
      kind: "kept",
      commit: null,
      tree: null,
      at: new Date(at).toISOString(),
      ...weight,
    };
    found.push({ order: [name.startsWith("git-") ? 5 : 0, -at], item });
  }
  return found.sort((a, b) => compare(a.order, b.order)).map(({ item }) => item);
}

/**
 * The last files of an agent that is gone are in `kept` or in its salvage; else the newest snapshot is what they were.
 * While it lives, a salvage is what it had before its base moved.
 */
function placeInOrder(ref: string, inUse: boolean): { kind: SalvageKind; order: readonly number[] } | null {
  const number = /^refs\/mosaic\/agents\/[^/]+\/snapshots\/(\d+(?:\.\d+)?)$/.exec(ref)?.[1];
  if (number !== undefined) return { kind: "snapshot", order: [2, -Number(number)] };
  if (ref.startsWith("refs/mosaic/salvage/")) return { kind: "salvage", order: [inUse ? 3 : 1, 0] };
  if (ref.startsWith("refs/mosaic/commits/")) return { kind: "commits", order: [4, 0] };
  return null;
}

function compare(a: readonly number[], b: readonly number[]): number {
  return (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0);
}

async function describe(
  context: Pick<GitContext, "git" | "limits">,
  mirror: string,
  { name, objectId, at, kind }: DatedRef & { readonly kind: SalvageKind },
): Promise<Salvaged> {
  const { stdout } = await context.git.run({
    command: "rev-parse",
    gitDir: mirror,
    options: ["--verify", "--quiet"],
    values: [`${objectId}^{tree}`],
  });
  const tree = stdout.toString().trim();
  const entries = (await listTree(context, mirror, { tree })).filter(({ size }) => size !== null);
  const bytes = entries.reduce((sum, { size }) => sum + (size ?? 0), 0);
  return {
    ref: name,
    kind,
    commit: objectId,
    tree,
    at: new Date(at).toISOString(),
    files: entries.length,
    bytes,
  };
}
