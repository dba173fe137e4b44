import { execFileSync } from "node:child_process";
import type { GitFixture } from "@mosaic/testing";

const ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: "Mallory",
  GIT_AUTHOR_EMAIL: "mallory@example.com",
  GIT_COMMITTER_NAME: "Mallory",
  GIT_COMMITTER_EMAIL: "mallory@example.com",
};

export interface Entry {
  readonly mode: "100644" | "100755" | "120000" | "160000" | "40000";
  /** A string is taken byte for byte as latin1. */
  readonly name: string;
  readonly id: string;
}

/** Objects that no git would make by itself, written into a bare repository as an attacker's server would send them. */
export interface RawObjects {
  blob(content: string | Buffer): string;
  /** A tree of exactly these entries, whatever they are called. */
  tree(entries: readonly Entry[]): string;
  /** A commit of a tree on a branch, on top of what the branch is. */
  commit(tree: string, branch?: string): string;
}

export function rawObjects(remote: string): RawObjects {
  const git = (args: readonly string[], input: string | Buffer = ""): string =>
    execFileSync("git", ["--git-dir", remote, ...args], { input, env: ENVIRONMENT })
      .toString()
      .trim();
  const object = (type: string, content: string | Buffer): string =>
    git(["hash-object", "-t", type, "--literally", "-w", "--stdin"], content);
  return {
    blob: (content) => object("blob", content),
    tree: (entries) => {
      const parts = entries.flatMap(({ mode, name, id }) => [
        Buffer.from(`${mode} ${name}\0`, "latin1"),
        Buffer.from(id, "hex"),
      ]);
      return object("tree", Buffer.concat(parts));
    },
    commit: (tree, branch = "main") => {
      const parent = git(["rev-parse", "--verify", `refs/heads/${branch}`]);
      const id = git(["commit-tree", "-p", parent, "-m", "More", tree]);
      git(["update-ref", `refs/heads/${branch}`, id]);
      return id;
    },
  };
}

/** The entries of a branch's tree, for a tree that has these and more. */
export async function entriesOf(git: GitFixture, remote: string, branch = "main"): Promise<readonly Entry[]> {
  const listed = await git.git(remote, "ls-tree", "-z", branch);
  return listed
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [meta = "", name = ""] = line.split("\t");
      const [mode = "", , id = ""] = meta.split(" ");
      return { mode: mode.replace(/^0/, "") as Entry["mode"], name, id };
    });
}
