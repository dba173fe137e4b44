import type { Git } from "@mosaic/git";
import type { GitContext } from "./context.ts";
import { syncRef } from "./sync.ts";

/** Where an agent's snapshots are kept: one ref per snapshot, the number is its order. */
export const snapshotRef = (agentId: string, sequence: number): string =>
  `refs/mosaic/agents/${agentId}/snapshots/${sequence}`;
/** A merge of a snapshot with what its base branch has become. */
export const integrationRef = (agentId: string, commit: string): string =>
  `refs/mosaic/agents/${agentId}/integrations/${commit}`;
/** The commit that is known to be on the remote because we pushed it. */
export const pushedRef = (agentId: string): string => `refs/mosaic/agents/${agentId}/pushed`;
/** What was left in a workspace when it was removed. */
export const salvageRef = (agentId: string): string => `refs/mosaic/salvage/${agentId}`;
/** Commits the agent made itself, in its own git directory. */
export const ownCommitsRef = (agentId: string): string => `refs/mosaic/commits/${agentId}`;
export const remoteRef = (branch: string): string => `refs/remotes/origin/${branch}`;
export const branchRef = (branch: string): string => `refs/heads/${branch}`;

export interface Ref {
  readonly name: string;
  readonly objectId: string;
}

/** Refs that are one of `patterns` or lie below it. */
export async function listRefs(
  git: Git,
  mirror: string,
  patterns: readonly string[],
): Promise<readonly Ref[]> {
  const { stdout } = await git.run({
    command: "for-each-ref",
    gitDir: mirror,
    options: ["--format=%(objectname) %(refname)"],
    values: patterns,
  });
  return linesOf(stdout).map((line) => ({
    objectId: line.slice(0, line.indexOf(" ")),
    name: line.slice(line.indexOf(" ") + 1),
  }));
}

/** The object a ref or expression names, or null. */
export async function resolve(git: Git, mirror: string, expression: string): Promise<string | null> {
  const { code, stdout } = await git.run({
    command: "rev-parse",
    gitDir: mirror,
    options: ["--verify", "--quiet"],
    values: [expression],
    accept: [0, 1],
  });
  return code === 0 ? stdout.toString().trim() : null;
}

/** A ref to a commit, and the commit's tree. */
export interface CommitRef extends Ref {
  readonly tree: string;
}

/** What the mirror has of an agent's files: its newest snapshot, and what was salvaged of it. */
export async function savedCommits(
  git: Git,
  mirror: string,
  agentId: string,
): Promise<{ readonly snapshot: CommitRef | null; readonly salvaged: CommitRef | null }> {
  const snapshots = `refs/mosaic/agents/${agentId}/snapshots`;
  const { stdout } = await git.run({
    command: "for-each-ref",
    gitDir: mirror,
    options: ["--format=%(objectname) %(tree) %(refname)"],
    values: [snapshots, salvageRef(agentId)],
  });
  const refs = linesOf(stdout).map((line): CommitRef => {
    const [objectId = "", tree = "", ...name] = line.split(" ");
    return { objectId, tree, name: name.join(" ") };
  });
  const order = ({ name }: Ref): number => Number(name.slice(name.lastIndexOf("/") + 1));
  const [snapshot = null] = refs
    .filter(({ name }) => name.startsWith(`${snapshots}/`))
    .toSorted((one, other) => order(other) - order(one));
  return { snapshot, salvaged: refs.find(({ name }) => name === salvageRef(agentId)) ?? null };
}

const linesOf = (output: Buffer): readonly string[] =>
  output
    .toString()
    .split("\n")
    .filter((line) => line !== "");

/** Points a ref of ours to a commit, durably; with `expected` only if it is there now. */
export async function setRef(
  { git, mirrors }: Pick<GitContext, "git" | "mirrors">,
  mirror: string,
  { ref, commit, expected }: { readonly ref: string; readonly commit: string; readonly expected?: string },
): Promise<void> {
  await mirrors.withRefs(mirror, () =>
    git.run({
      command: "update-ref",
      gitDir: mirror,
      values: expected === undefined ? [ref, commit] : [ref, commit, expected],
    }),
  );
  await syncRef(mirror, ref);
}
