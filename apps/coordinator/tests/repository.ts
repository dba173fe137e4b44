import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

/** A file's content, a symbolic link, or null to remove it. */
export type FileContent = string | { readonly link: string } | null;
export type Files = Readonly<Record<string, FileContent>>;

export interface TestRepository {
  /** Path of the bare repository. */
  readonly mirror: string;
  /** Makes a commit from the parent's files with `files` on top. @returns its id */
  commit(files: Files, parent?: string): string;
  git(args: readonly string[], input?: string): string;
}

const ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Test",
  GIT_AUTHOR_EMAIL: "test@example.com",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_NAME: "Test",
  GIT_COMMITTER_EMAIL: "test@example.com",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
};

/** A real bare repository below `folder`; commits are made from records, without a working tree. */
export function createRepository(folder: string): TestRepository {
  const mirror = join(folder, "mirror.git");
  mkdirSync(folder, { recursive: true });
  const run = (args: readonly string[], input = "", index = join(folder, "index")) =>
    execFileSync("git", [...args], {
      input,
      env: { ...ENVIRONMENT, HOME: folder, GIT_INDEX_FILE: index },
      cwd: folder,
    })
      .toString()
      .trim();
  run(["init", "--quiet", "--bare", mirror]);
  const git = (args: readonly string[], input?: string) => run([`--git-dir=${mirror}`, ...args], input);
  return {
    mirror,
    git,
    commit(files, parent) {
      git(parent === undefined ? ["read-tree", "--empty"] : ["read-tree", parent]);
      const lines = Object.entries(files).map(([path, content]) => {
        if (content === null) return `0 ${"0".repeat(40)}\t${path}`;
        const isLink = typeof content === "object";
        const id = git(["hash-object", "-w", "--stdin"], isLink ? content.link : content);
        return `${isLink ? "120000" : "100644"} ${id}\t${path}`;
      });
      git(["update-index", "-z", "--index-info"], lines.map((line) => `${line}\0`).join(""));
      const parents = parent === undefined ? [] : ["-p", parent];
      return git(["commit-tree", git(["write-tree"]), ...parents, "-m", "test"]);
    },
  };
}
