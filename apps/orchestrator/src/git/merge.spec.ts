import { existsSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import type { FixtureFiles } from "@mosaic/testing";
import { afterEach, describe, expect, it } from "vitest";
import { AT, createBench, type Bench, type BenchOptions } from "../../tests/git/bench.ts";
import type { Conflict, IntegrateMode, Merged, Snapshot, Workspace } from "./port.ts";

let bench: Bench;
let workspace: Workspace;
let snapshot: Snapshot;
async function start(options: BenchOptions, script: string): Promise<void> {
  bench = await createBench(options);
  workspace = await bench.open();
  await bench.asAgent(workspace, script);
  snapshot = await bench.snapshot(workspace);
}
afterEach(() => bench.dispose());

const FILES: FixtureFiles = { "README.md": "hello\n", "src/a.txt": "one\ntwo\n" };
const moveRemote = (files: FixtureFiles): Promise<string> =>
  bench.fixture.commit(bench.remote, "main", files);
const fetchHead = () => bench.workspaces.fetchHead(bench.repository, workspace);
async function merge(mode: IntegrateMode = "rebase"): Promise<Merged> {
  const head = await fetchHead();
  const message = { subject: "Do it", body: "Because.", at: AT };
  return bench.workspaces.merge(workspace, { ...message, commit: snapshot.commit, head, mode });
}
async function conflict(): Promise<Conflict> {
  const merged = await merge();
  if (merged.kind !== "conflict") throw new Error("it merged");
  return merged.conflict;
}
async function clean(mode: IntegrateMode = "rebase"): Promise<Snapshot> {
  const merged = await merge(mode);
  if (merged.kind !== "clean") throw new Error("it conflicts");
  return merged.snapshot;
}
const show = (what: string) => bench.mirror(workspace, "show", what);
const parents = (commit: string) => bench.mirror(workspace, "show", "-s", "--format=%P", commit);

describe("a merge with a head that does not conflict", () => {
  it("is one commit on the head with our message and identity, that holds both changes", async () => {
    await start({ files: FILES }, "echo three >> src/a.txt");
    const head = await moveRemote({ "README.md": "moved\n" });
    const merged = await clean();
    expect(await parents(merged.commit)).toBe(head);
    expect(await show(`${merged.commit}:README.md`)).toBe("moved");
    expect(await show(`${merged.commit}:src/a.txt`)).toBe("one\ntwo\nthree");
    expect(merged.files.map(({ path }) => path)).toEqual(["src/a.txt"]);
    const about = await bench.mirror(workspace, "show", "-s", "--format=%an|%ce|%s|%b|%ct", merged.commit);
    expect(about.replaceAll("\n", "")).toBe(
      `Mosaic Agent|agent@example.com|Do it|Because.|${Math.floor(Date.parse(AT) / 1000)}`,
    );
    expect(await bench.mirror(workspace, "fsck", "--strict", "--no-dangling")).toBe("");
    expect(await bench.asAgent(workspace, "cat README.md")).toBe("hello\n");
  });

  it("has the head and the work as parents in mode merge", async () => {
    await start({ files: FILES }, "echo three >> src/a.txt");
    const head = await moveRemote({ "README.md": "moved\n" });
    expect(await parents((await clean("merge")).commit)).toBe(`${head} ${snapshot.commit}`);
  });

  it("can be committed and pushed: it counts as this agent's", async () => {
    await start({ files: FILES }, "echo three >> src/a.txt");
    await moveRemote({ "README.md": "moved\n" });
    const merged = await clean();
    await bench.workspaces.commit(workspace, merged.commit);
    expect((await bench.workspaces.push(bench.repository, workspace, merged.commit)).commit).toBe(
      merged.commit,
    );
  });

  it("is unchanged when the head holds the same change by now", async () => {
    await start({ files: FILES }, "echo three >> src/a.txt");
    await moveRemote({ "src/a.txt": "one\ntwo\nthree\n" });
    expect((await clean()).unchanged).toBe(true);
  });

  it("does not bring back what was taken out of a branch that was rewritten, in either mode", async () => {
    bench = await createBench({ files: FILES });
    const first = await bench.fixture.git(bench.remote, "rev-parse", "main");
    await moveRemote({ "leaked.txt": "a key\n" });
    workspace = await bench.open();
    await bench.asAgent(workspace, "echo three >> src/a.txt");
    snapshot = await bench.snapshot(workspace);
    await bench.fixture.git(bench.remote, "update-ref", "refs/heads/main", first);
    const head = await moveRemote({ "README.md": "moved\n" });
    for (const mode of ["rebase", "merge"] as const) {
      const merged = await clean(mode);
      expect(await parents(merged.commit)).toBe(head);
      expect(await bench.mirror(workspace, "ls-tree", "-r", "--name-only", merged.commit)).toBe(
        "README.md\nsrc/a.txt",
      );
    }
  });

  it("runs no merge driver and no hook that the repository or the mirror names", async () => {
    await start(
      { files: { ...FILES, ".gitattributes": "* merge=evil\n" } },
      "sed -i s/one/ONE/ src/a.txt; git config merge.evil.driver 'touch /tree/ran'",
    );
    await bench.mirror(workspace, "config", "merge.evil.driver", `touch ${bench.fixture.folder}/ran`);
    await moveRemote({ "src/a.txt": "one\ntwo\nmoved\n" });
    await merge();
    expect(existsSync(join(bench.fixture.folder, "ran"))).toBe(false);
    expect(existsSync(join(workspace.tree, "ran"))).toBe(false);
  });
});

describe("a merge with a head that conflicts", () => {
  /** Every kind git tells apart: what the base has, what the agent does, what the branch has become, what is told. */
  it.each<[kind: string, base: FixtureFiles, script: string, theirs: FixtureFiles, told: readonly string[]]>([
    ["content", { a: "1\n2\n" }, "printf '1\\nours\\n' > a", { a: "1\ntheirs\n" }, ["a: content, both"]],
    ["add/add", { a: "1\n" }, "echo ours > b", { b: "theirs\n" }, ["b: add/add, both"]],
    ["mode", { a: "1\n" }, "echo x > b; chmod +x b", { b: "x\n" }, ["b: add/add, head"]],
    ["modify/delete", { a: "1\n", b: "2\n" }, "echo o > b", { b: null }, ["b: modify/delete, work"]],
    ["delete/modify", { a: "1\n", b: "2\n" }, "rm b", { b: "theirs\n" }, ["b: modify/delete, head"]],
    [
      "rename/delete",
      { a: "1\n2\n3\n" },
      "mv a ours",
      { a: null, z: "z" },
      ["a: rename/delete, nothing", "ours: rename/delete, work"],
    ],
    [
      "rename/rename",
      { a: "1\n2\n3\n" },
      "mv a ours",
      { a: null, theirs: "1\n2\n3\n" },
      ["a: rename/rename, nothing", "ours: rename/rename, work", "theirs: rename/rename, head"],
    ],
    [
      "binary",
      { a: Buffer.from([0, 1]) },
      "printf '\\0\\2' > a",
      { a: Buffer.from([0, 3]) },
      ["a: binary, head"],
    ],
    ["link", { a: { link: "1" } }, "ln -sfn ours a", { a: null, b: "x" }, ["a: symlink, work"]],
    [
      "type",
      { z: "z\n" },
      "ln -s elsewhere a",
      { a: "file\n" },
      ["a: symlink, work", "a~HEAD: distinct types, head"],
    ],
    [
      "file/directory",
      { z: "z\n" },
      "mkdir a; echo 1 > a/f",
      { a: "file\n" },
      ["a: file/directory, nothing", "a~HEAD: file/directory, head"],
    ],
  ])("names a conflict of kind %s and shows both sides", async (_, base, script, theirs, told) => {
    await start({ files: base }, script);
    await moveRemote(theirs);
    const { files, commit, head, labels } = await conflict();
    const lines = files.map(({ path, kind, inTree }) => `${path}: ${kind}, ${inTree}`);
    expect(lines.map((line) => line.replace(labels.ours, "HEAD"))).toEqual(told);
    for (const file of files) expect(file.hunks ?? file.sides).not.toBeNull();
    expect(await parents(commit)).toBe(head);
  });

  it("shows mode conflicts as what git makes of them: the executable bit of the work is kept", async () => {
    await start({ files: { a: "1\n" } }, "chmod +x a");
    await moveRemote({ a: "2\n" });
    const merged = await clean();
    expect(await bench.mirror(workspace, "ls-tree", merged.commit, "a")).toMatch(/^100755 /);
    expect(await show(`${merged.commit}:a`)).toBe("2");
  });

  it("shows the parts in conflict with line numbers, the branch's version first", async () => {
    await start({ files: FILES }, "printf 'one\\nTWO of mine\\n' > src/a.txt");
    await moveRemote({ "src/a.txt": "one\nTWO of theirs\n" });
    const { files, labels } = await conflict();
    expect(files[0]).toMatchObject({ path: "src/a.txt", kind: "content", inTree: "both", sides: null });
    expect(files[0]?.note).toBe("CONFLICT (content): Merge conflict in src/a.txt");
    expect(files[0]?.hunks).toBe(
      [
        "@@ lines 1 to 7",
        "one",
        `<<<<<<< ${labels.ours}`,
        "TWO of theirs",
        "=======",
        "TWO of mine",
        `>>>>>>> ${labels.theirs}`,
        "",
      ].join("\n"),
    );
  });

  it("keeps names with spaces, line ends and quotes apart", async () => {
    const name = 'b "c\nd.txt';
    await start({ files: { [name]: "1\n" } }, `printf mine > 'b "c\nd.txt'`);
    await moveRemote({ [name]: "theirs\n" });
    expect((await conflict()).files.map(({ path }) => path)).toEqual([name]);
  });

  it("is a failure when the branch is gone, was replaced by an unrelated one, or cannot be read", async () => {
    await start({ files: FILES }, "echo three >> src/a.txt");
    await bench.fixture.commit(bench.remote, "unrelated", { "x.txt": "x\n" }, "no-such-branch");
    const unrelated = await bench.fixture.git(bench.remote, "rev-parse", "unrelated");
    await bench.fixture.git(bench.remote, "update-ref", "refs/heads/main", unrelated);
    await expect(merge()).rejects.toMatchObject({
      reason: "conflict",
      message: expect.stringContaining("unrelated"),
    });
    await bench.fixture.git(bench.remote, "update-ref", "-d", "refs/heads/main");
    await expect(fetchHead()).rejects.toMatchObject({
      reason: "conflict",
      message: expect.stringContaining("no branch 'main'"),
    });
    await rename(bench.remote, `${bench.remote}-away`);
    await expect(fetchHead()).rejects.toMatchObject({ reason: "push" });
  });
});

describe("whether two agents' work would merge", () => {
  it("is told without leaving anything in the mirror", async () => {
    await start({ files: FILES }, "sed -i s/one/ONE/ src/a.txt");
    const other = await bench.open("T-2");
    await bench.asAgent(other, "sed -i s/one/1/ src/a.txt");
    const theirs = await bench.snapshot(other);
    const third = await bench.open("T-3");
    await bench.asAgent(third, "echo more >> README.md");
    const apart = await bench.snapshot(third);
    const before = await bench.mirror(workspace, "count-objects");
    expect(await bench.workspaces.mergesCleanly(workspace.mirror, snapshot.commit, theirs.commit)).toBe(
      false,
    );
    expect(await bench.workspaces.mergesCleanly(workspace.mirror, snapshot.commit, apart.commit)).toBe(true);
    expect(await bench.mirror(workspace, "count-objects")).toBe(before);
  });
});
