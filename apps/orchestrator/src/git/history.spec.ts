import { writeFixtureFiles } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBench, type Bench } from "../../tests/git/bench.ts";
import type { MirrorReader, Workspace } from "./port.ts";

let bench: Bench;
let workspace: Workspace;
let commit: string;
const odd = 'a "strange"\nname\t-x';

beforeEach(async () => {
  bench = await createBench({
    files: {
      "keep.txt": "keep\n",
      "mode.sh": "#!/bin/sh\n",
      "gone.txt": "gone\n",
      "move.txt": "1\n2\n3\n4\n5\n",
    },
  });
  workspace = await bench.open();
  await bench.asAgent(
    workspace,
    "rm gone.txt; chmod +x mode.sh; mkdir d; mv move.txt d/moved.txt; echo more >> keep.txt",
  );
  await writeFixtureFiles(workspace.tree, {
    [odd]: "odd\n",
    link: { link: "/etc/passwd" },
    "big.bin": Buffer.alloc(5000),
  });
  ({ commit } = await bench.snapshot(workspace));
});
afterEach(() => bench.dispose());

const looking = <T>(action: (reader: MirrorReader) => Promise<T>): Promise<T> =>
  bench.workspaces.reading(workspace.mirror, action);

describe("the blobs of a snapshot", () => {
  it("are those that are new under their path, links included, and can be read from git", async () => {
    const blobs = await looking((reader) => reader.addedBlobs(workspace, commit));
    expect(new Map(blobs.map(({ path, bytes }) => [path, bytes]))).toEqual(
      new Map([
        ["big.bin", 5000],
        ["d/moved.txt", 10],
        ["keep.txt", 10],
        ["link", 11],
        [odd, 4],
      ]),
    );
    const texts = await Promise.all(
      blobs.map(({ objectId }) => looking((reader) => reader.readBlob(objectId, 1000))),
    );
    const byPath = new Map(blobs.map(({ path }, index) => [path, texts[index]?.toString() ?? null]));
    expect(byPath.get("link")).toBe("/etc/passwd");
    expect(byPath.get(odd)).toBe("odd\n");
    expect(byPath.get("big.bin")).toBeNull();
  });

  it("are read to the byte at the limit, and refused for anything that is not a blob", async () => {
    const blobs = await looking((reader) => reader.addedBlobs(workspace, commit));
    const big = blobs.find(({ path }) => path === "big.bin")?.objectId ?? "";
    const readBlob = (id: string, max: number) => looking((reader) => reader.readBlob(id, max));
    expect(await readBlob(big, 5000)).toHaveLength(5000);
    expect(await readBlob(big, 4999)).toBeNull();
    for (const id of [commit, "0".repeat(40), "HEAD", "--batch-all-objects"]) {
      await expect(readBlob(id, 10)).rejects.toThrow(/not a blob|not an object id/);
    }
  });
});

describe("a file at a commit", () => {
  const read = (path: string, max = 1000) => looking((reader) => reader.readFile(commit, path, max));

  it("is answered when it is a regular file of no more than the limit", async () => {
    expect((await read("keep.txt"))?.toString()).toBe("keep\nmore\n");
    expect((await read("d/moved.txt"))?.toString()).toContain("5");
    expect((await read(odd))?.toString()).toBe("odd\n");
    expect(await read("keep.txt", 9)).toBeNull();
  });

  it.each(["link", "d", "d/", "gone.txt", "", "*", "../keep.txt", "/etc/passwd", ":(glob)*", "--help"])(
    "is null for %j",
    async (path) => {
      expect(await read(path)).toBeNull();
    },
  );
});

describe("a diff", () => {
  const diff = (max: number) => bench.workspaces.diff(workspace.mirror, workspace.baseCommit, commit, max);

  it("shows every change and counts its lines", async () => {
    const { patch, truncated, files } = await diff(100_000);
    expect(truncated).toBe(false);
    expect(patch).toContain("rename from move.txt\nrename to d/moved.txt");
    expect(patch).toContain("old mode 100644\nnew mode 100755");
    expect(patch).toContain("+more");
    expect(files).toEqual(
      expect.arrayContaining([
        { path: "mode.sh", additions: 0, deletions: 0 },
        { path: "gone.txt", additions: 0, deletions: 1 },
        { path: "keep.txt", additions: 1, deletions: 0 },
        { path: odd, additions: 1, deletions: 0 },
        { path: "big.bin", additions: null, deletions: null },
      ]),
    );
    expect(files).toHaveLength(8);
  });

  it("is cut after the bytes it may have", async () => {
    const { patch, truncated, files } = await diff(50);
    expect(Buffer.byteLength(patch)).toBe(50);
    expect(truncated).toBe(true);
    expect(files).toHaveLength(8);
  });

  it("shows a commit that is gone from its mirror as an error, not as nothing", async () => {
    const { mirror, baseCommit } = workspace;
    await expect(bench.workspaces.diff(mirror, baseCommit, "1".repeat(40), 10)).rejects.toThrow(
      /bad object|not a valid/,
    );
    await expect(bench.workspaces.diff(mirror, "--output=/tmp/x", commit, 10)).rejects.toThrow(
      /not a commit/,
    );
  });
});
