import { createGit } from "@mosaic/git";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRepository, type TestRepository } from "../../tests/repository.ts";
import { checkOut } from "./check-out.ts";
import { type Mirror, mirrorAt } from "./mirror.ts";
import { readCommit, removedPaths } from "./read-commit.ts";

let folder: string;
let repository: TestRepository;
let mirror: Mirror;
const treeOf = (commit: string) => repository.git(["rev-parse", `${commit}^{tree}`]);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-checkout-"));
  await mkdir(join(folder, "home"));
  repository = createRepository(join(folder, "mirrors"));
  mirror = mirrorAt({ git: createGit({ home: join(folder, "home") }), path: repository.mirror });
});
afterEach(async () => {
  await mirror.objects.close();
  await rm(folder, { recursive: true, force: true });
});

describe("checkOut", () => {
  it("writes the commit's files and nothing into the mirror", async () => {
    const commit = repository.commit({ "a/b.txt": "b\n", c: "c" });
    const before = await readdir(repository.mirror, { recursive: true });
    await checkOut(mirror, { commit, tree: treeOf(commit), into: join(folder, "out") });
    expect(await readFile(join(folder, "out", "a", "b.txt"), "utf8")).toBe("b\n");
    expect((await readdir(join(folder, "out"))).sort()).toEqual(["a", "c"]);
    expect(await readdir(repository.mirror, { recursive: true })).toEqual(before);
    expect((await readdir(folder)).sort()).toEqual(["home", "mirrors", "out"]);
  });

  it("runs no hook and no filter, whatever the mirror and the tree say", async () => {
    const marker = join(folder, "marker");
    await writeFile(join(repository.mirror, "hooks", "post-checkout"), `#!/bin/sh\ntouch ${marker}\n`);
    await chmod(join(repository.mirror, "hooks", "post-checkout"), 0o755);
    const commit = repository.commit({ ".gitattributes": "* filter=evil\n", a: "a" });
    await checkOut(mirror, { commit, tree: treeOf(commit), into: join(folder, "out") });
    expect(await readdir(folder)).not.toContain("marker");
  });

  it("notices that a file on disk is not the commit's", async () => {
    const commit = repository.commit({ ".gitattributes": "a filter=change\n", a: "a\n" });
    // A smudge filter in the mirror's own configuration stands for anything that changes files on the way.
    execFileSync("git", ["-C", repository.mirror, "config", "filter.change.smudge", "tr a b"]);
    const request = { commit, tree: treeOf(commit), into: join(folder, "out") };
    await expect(checkOut(mirror, request)).rejects.toThrow(/differs from the commit in: a/);
  });

  it("refuses a tree that is not the commit's, and stops when it is told to", async () => {
    const commit = repository.commit({ a: "a" });
    const abort = new AbortController();
    abort.abort(new Error("cancelled"));
    const request = { commit, tree: treeOf(commit), into: join(folder, "out"), signal: abort.signal };
    await expect(checkOut(mirror, request)).rejects.toThrow("cancelled");
    await expect(checkOut(mirror, { ...request, into: join(folder, "home") })).rejects.toThrow("EEXIST");
  });
});

describe("readCommit", () => {
  it("lists regular files, and reads them from git's objects", async () => {
    const base = repository.commit({
      "package.json": "{}",
      link: { link: "package.json" },
      "a\tb\n.txt": "odd",
    });
    const next = repository.commit({ "package.json": null, x: "1", y: "" }, base);
    const [from, to] = [await readCommit(mirror, base), await readCommit(mirror, next)];
    expect([...from.paths].sort()).toEqual(["a\tb\n.txt", "package.json"]);
    expect(await from.text("package.json")).toBe("{}");
    expect(await from.text("link")).toBeNull();
    expect((await to.contents(["x", "a\tb\n.txt", "y"])).map(String)).toEqual(["1", "odd", ""]);
    expect(removedPaths(from, to)).toEqual(["package.json"]);
  });
});
