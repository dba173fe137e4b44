import { writeFixtureFiles } from "@mosaic/testing";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkTree } from "./tree-check.ts";

let tree: string;
beforeEach(async () => {
  tree = await mkdtemp(join(tmpdir(), "mosaic-tree-"));
});
afterEach(() => {
  execFileSync("rm", ["-rf", tree]);
});

const limits = { treeEntries: 1000, treeBytes: 1_000_000 };

describe("the look at a tree before git sees it", () => {
  it("counts files, folders, links and bytes, and leaves the root's own .git alone", async () => {
    await writeFixtureFiles(tree, {
      ".git": "gitdir: /somewhere\n",
      "a/b/c.txt": "12345",
      rel: { link: "a" },
      "a/abs": { link: "/etc/passwd" },
    });
    const facts = await checkTree(tree, { limits });
    expect(facts).toMatchObject({ entries: 6, absoluteLinks: [{ path: "a/abs", target: "/etc/passwd" }] });
    expect(facts.bytes).toBe(5 + "a".length + "/etc/passwd".length);
    expect(facts.changedAt.size).toBeGreaterThan(0);
  });

  it.each([
    "x/.git",
    ".GIT",
    "x/.Git/config",
    "git~1",
    "GIT~1/x",
    ".git...",
    ".git . .",
    ".g\u200cit",
    "\ufeff.git",
  ])("refuses %j", async (path) => {
    await writeFixtureFiles(tree, { [path]: "x" });
    await expect(checkTree(tree, { limits })).rejects.toMatchObject({ reason: "unsafe_tree" });
  });

  it.each([".gitignore", ".github/x", "git", "git~2", "x.git", ".git-blame-ignore-revs", ".gitmodules"])(
    "accepts %j",
    async (path) => {
      await writeFixtureFiles(tree, { [path]: "x" });
      await expect(checkTree(tree, { limits })).resolves.toMatchObject({ bytes: 1 });
    },
  );

  it("names at most twenty problems, and says that there are more", async () => {
    execFileSync("sh", ["-c", "for i in $(seq 30); do mkfifo fifo-$i; done"], { cwd: tree });
    const failure = checkTree(tree, { limits });
    await expect(failure).rejects.toThrow(/fifo-\d+: is a fifo; remove it;.*; and more$/);
    await expect(failure).rejects.toMatchObject({
      details: { problems: expect.objectContaining({ length: 20 }) },
    });
  });

  it("ends on a tree that is nested beyond the longest path, and on one that is too large", async () => {
    const half = Array.from({ length: 15 }, () => "d".repeat(200)).join("/");
    for (const side of ["upper", "lower"]) await mkdir(join(tree, side, half), { recursive: true });
    await rename(join(tree, "lower"), join(tree, "upper", half, "lower"));
    await expect(checkTree(tree, { limits })).rejects.toThrow(/is nested too deeply/);
    execFileSync("rm", ["-rf", tree]);
    await writeFixtureFiles(tree, { "a.txt": "x".repeat(100), "b/c.txt": "y" });
    await expect(checkTree(tree, { limits: { ...limits, treeBytes: 100 } })).rejects.toThrow(
      /more than 100 bytes/,
    );
    await expect(checkTree(tree, { limits: { ...limits, treeEntries: 2 } })).rejects.toThrow(
      /more than 2 files/,
    );
  });

  it("stops when it is told to", async () => {
    const aborted = AbortSignal.abort(new Error("killed"));
    await expect(checkTree(tree, { limits, signal: aborted })).rejects.toThrow("killed");
    await rm(tree, { recursive: true });
    await expect(checkTree(tree, { limits })).rejects.toThrow(/ENOENT/);
  });
});
