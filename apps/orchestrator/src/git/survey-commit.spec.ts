import { execFileSync } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { createBench, type Bench } from "../../tests/git/bench.ts";
import { createFacts } from "./facts.ts";
import { surveyCommit } from "./survey-commit.ts";

let bench: Bench;
afterEach(() => bench.dispose());

const LIMITS = { treeEntries: 400_000, treeBytes: 1024 ** 3, localMs: 60_000 };

/** Surveys main of the bench's remote, as a mirror would hold it. */
async function survey(limits: Partial<typeof LIMITS> = {}): Promise<readonly string[]> {
  const commit = await bench.fixture.git(bench.remote, "rev-parse", "main");
  const context = { git: bench.git, limits: { ...LIMITS, ...limits }, facts: createFacts() } as Parameters<
    typeof surveyCommit
  >[0];
  return await surveyCommit(context, { mirror: bench.remote, commit });
}

describe("surveyCommit", () => {
  it("counts files, folders and bytes exactly", async () => {
    const odd = { "new\nline": "12345", "ünï/cöde": "12345", "a\tb": "12345" };
    bench = await createBench({ files: { ...odd, "d/e/f": "12345" } });
    const entries = 7;
    expect(await survey({ treeEntries: entries, treeBytes: 20 })).toEqual([]);
    await expect(survey({ treeEntries: entries - 1 })).rejects.toMatchObject({ reason: "unsafe_tree" });
    await expect(survey({ treeBytes: 19 })).rejects.toThrow(/more than 19 bytes \(MOSAIC_TREE_MAX_BYTES\)/);
  });

  it("refuses a path that no file system takes, wherever the pipe cuts it", async () => {
    const deep = Array.from({ length: 30 }, () => "d".repeat(140)).join("/");
    bench = await createBench({ files: { "a.txt": "a" } });
    const blob = await bench.fixture.git(bench.remote, "rev-parse", "main:a.txt");
    let tree = blob;
    for (const name of ["a.txt", ...deep.split("/")]) {
      const line = `${name === "a.txt" ? "100644 blob" : "040000 tree"} ${tree}\t${name}\n`;
      tree = execFileSync("git", ["--git-dir", bench.remote, "mktree"], { input: line }).toString().trim();
    }
    const env = {
      GIT_AUTHOR_NAME: "a",
      GIT_AUTHOR_EMAIL: "a",
      GIT_COMMITTER_NAME: "a",
      GIT_COMMITTER_EMAIL: "a",
    };
    const made = execFileSync("git", ["--git-dir", bench.remote, "commit-tree", "-m", "x", tree], {
      env: { ...process.env, ...env },
    });
    await bench.fixture.git(bench.remote, "update-ref", "refs/heads/main", made.toString().trim());
    await expect(survey()).rejects.toThrow(/path of more than 4096 bytes/);
  });
});
