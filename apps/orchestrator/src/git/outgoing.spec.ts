import { fakeSecret } from "@mosaic/replay";
import { createFileScanner, createScanner } from "@mosaic/secrets";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBench, type Bench } from "../../tests/git/bench.ts";
import { scanOutgoing } from "../secrets/scan-outgoing.ts";
import type { Workspace } from "./port.ts";

let bench: Bench;
let workspace: Workspace;
let commit: string;

beforeEach(async () => {
  bench = await createBench({ files: { "keep.txt": "keep\n", "change.txt": "1\n" } });
  workspace = await bench.open();
  await bench.asAgent(workspace, "echo 2 > change.txt; echo new > new.txt");
  ({ commit } = await bench.snapshot(workspace));
});
afterEach(() => bench.dispose());

const git = (...args: readonly string[]): Promise<string> => bench.mirror(workspace, ...args);
const named = async (head: string) =>
  (await bench.workspaces.reading(workspace.mirror, (reader) => reader.outgoing(workspace, head))).map(
    ({ message, blobs }) => [message.split("\n\n")[1]?.split("\n")[0], blobs.map(({ path }) => path)],
  );

async function commitTree(tree: string, parents: readonly string[], message: string): Promise<string> {
  const options = parents.flatMap((parent) => ["-p", parent]);
  const identity = ["-c", "user.name=A", "-c", "user.email=a@example.test"];
  return (await git(...identity, "commit-tree", ...options, "-m", message, `${tree}^{tree}`)).trim();
}

describe("what a push would make public", () => {
  it("is every commit the remote does not have, with its message and what it adds", async () => {
    const undone = await commitTree(workspace.baseCommit, [commit], "take it all back");
    const [[subject, paths] = [], [last, none] = []] = await named(undone);
    expect(paths).toEqual(["change.txt", "new.txt"]);
    expect(subject).not.toBe("");
    expect([last, none]).toEqual(["take it all back", ["change.txt"]]);
  });

  it("is of a merge only what none of its parents has, and nothing of what the remote has", async () => {
    const theirs = await commitTree(workspace.baseCommit, [workspace.baseCommit], "of somebody else");
    await git("update-ref", "refs/remotes/origin/main", theirs);
    const merge = await commitTree(commit, [theirs, commit], "merge");
    const commits = await named(merge);
    expect(commits.map(([subject]) => subject)).not.toContain("of somebody else");
    expect(commits.at(-1)).toEqual(["merge", []]);
    expect(commits).toHaveLength(2);
  });
});

describe("a secret in what a push would make public", () => {
  it("is found in a message, in a file that a later commit takes away, and in the branch's name", async () => {
    const secret = fakeSecret("github-token");
    await bench.asAgent(workspace, `echo 'k = "${secret}"' > secret.txt`);
    const leak = await bench.snapshot(workspace, 2);
    const undone = await commitTree(commit, [leak.commit], `remove ${secret} again`);
    const salt = "a salt for the tests";
    const fileScanner = createFileScanner({ salt });
    const services = {
      workspaces: bench.workspaces,
      scanner: createScanner({ salt }),
      fileScanner,
      allowedSecrets: { list: async () => [] },
    };
    const target = { workspace: { ...workspace, branch: `fix-${secret}` }, known: [] };
    const { blocking, commits } = await scanOutgoing(services, target, undone);
    await fileScanner.close();
    expect(commits).toBe(2);
    expect(blocking.map(({ rule, path, line }) => [rule, path, line])).toEqual([
      ["github-token", "the name of the branch", null],
      ["github-token", "secret.txt", 1],
      ["github-token", `the message of commit ${undone.slice(0, 12)}`, null],
    ]);
    expect(JSON.stringify(blocking)).not.toContain(secret);
  });
});
