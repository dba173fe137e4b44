import { createHash } from "node:crypto";
import type { CommitTree } from "../checkout/read-commit.ts";
import type { DependencyPlan } from "./plan.ts";

/** What besides the plan decides what an install brings: prebuilt binaries differ by these. */
export interface Platform {
  readonly platform: string;
  readonly arch: string;
  /** Version of the node binary inside the sandbox. */
  readonly node: string;
}

/** Raised when the layout of an entry changes: old ones are then no longer found. */
const LAYOUT = 1;

/**
 * Names what a plan brings for one commit: the same inputs on the same platform have the same key. Contents go in by
 * git's ids, which are their hashes.
 */
export function dependencyKey(plan: DependencyPlan, tree: CommitTree, platform: Platform): string {
  const inputs = [...plan.inputs].sort().map((path) => [path, tree.blobs.get(path)]);
  const facts = [
    LAYOUT,
    plan.manager,
    plan.command,
    Object.entries(plan.env).sort(([one], [other]) => (one < other ? -1 : 1)),
    inputs,
    [...plan.placeholders].sort(),
    plan.outputs,
    [platform.platform, platform.arch, platform.node],
    // Left out where there is none, so that what was prepared before images is still found.
    ...(plan.image === undefined ? [] : [["image", plan.image]]),
    ...(plan.environment === undefined ? [] : ["environment"]),
  ];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 40);
}
