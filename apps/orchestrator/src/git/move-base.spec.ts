import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { collect } from "@mosaic/sandbox";
import type { FixtureFiles } from "@mosaic/testing";
import { afterEach, describe, expect, it } from "vitest";
import { AT, createBench, type Bench } from "../../tests/git/bench.ts";
import type { Snapshot, Workspace } from "./port.ts";

let bench: Bench;
let workspace: Workspace;
let snapshot: Snapshot;
afterEach(() => bench.dispose());

const FILES: FixtureFiles = { ".gitignore": "*.log\n", "src/a.txt": "one\ntwo\n", "keep/b.txt": "b\n" };

async function start(script: string, theirs: FixtureFiles, files = FILES): Promise<string> {
  bench = await createBench({ files });
  workspace = await bench.open();
  await bench.asAgent(workspace, script);
  snapshot = await bench.snapshot(workspace);
  return bench.fixture.commit(bench.remote, "main", theirs);
}

/** Merges, whatever comes of it, and puts it before the agent. */
async function move(): Promise<{ moved: Workspace; commit: string }> {
  const head = await bench.workspaces.fetchHead(bench.repository, workspace);
  const request = { commit: snapshot.commit, head, mode: "rebase", subject: "s", body: "", at: AT } as const;
  const merged = await bench.workspaces.merge(workspace, request);
  const commit = merged.kind === "clean" ? merged.snapshot.commit : merged.conflict.commit;
  const moved = await bench.workspaces.moveBase(workspace, { head, commit, sequence: 1.5 });
  return { moved, commit };
}

describe("a workspace on a new base", () => {
  it("holds both sides; what git ignores stays, and the next snapshot is a commit on the new head", async () => {
    const head = await start("printf 'one\\nmine\\n' > src/a.txt; echo new > src/new.txt; echo x > my.log", {
      "src/a.txt": "one\ntheirs\n",
      "keep/b.txt": null,
      "added/c.txt": "c\n",
    });
    const { moved } = await move();
    expect(moved.baseCommit).toBe(head);
    const seen = await bench.asAgent(moved, "cat src/a.txt src/new.txt my.log added/c.txt; ls -A");
    expect(seen).toMatch(/^one\n<{7} .*\ntheirs\n={7}\nmine\n>{7} .*\nnew\nx\nc\n/);
    expect(seen).not.toContain("keep");
    await bench.asAgent(moved, "printf 'one\\nboth\\n' > src/a.txt");
    const next = await bench.snapshot(moved, 2);
    expect(await bench.mirror(moved, "show", "-s", "--format=%P", next.commit)).toBe(head);
    expect(next.files.map(({ path }) => path)).toEqual(["src/a.txt", "src/new.txt"]);
  });

  it("is what a process after this one finds, and git in the sandbox shows the work as changes of the new head", async () => {
    const head = await start("echo mine >> src/a.txt; git add -A; git stash -q; git stash apply -q", {
      "keep/b.txt": "B\n",
    });
    const { moved } = await move();
    const reopened = await (await bench.reopened()).reopen(moved.agentId, moved.taskId);
    expect(reopened?.baseCommit).toBe(head);
    const seen = await bench.asAgent(moved, "git rev-parse HEAD; git status --porcelain; git stash list");
    expect(seen).toBe(`${head}\n M src/a.txt\nstash@{0}: ${seen.split("stash@{0}: ")[1]}`);
    expect(await bench.mirror(moved, "for-each-ref", `refs/mosaic/commits/${moved.agentId}`)).not.toBe("");
  });

  it("takes files that the new head tracks although they are ignored", async () => {
    await start("echo mine >> src/a.txt", { "forced.log": "kept\n" });
    const { moved } = await move();
    const next = await bench.snapshot(moved, 2);
    expect(next.files.map(({ path }) => path)).toEqual(["src/a.txt"]);
  });

  it("has everything saved before a byte is replaced, what came after the snapshot too", async () => {
    await start("echo mine >> src/a.txt", { "src/a.txt": "one\ntheirs\n" });
    await bench.asAgent(workspace, "echo late > src/late.txt");
    await move();
    const salvage = `refs/mosaic/salvage/${workspace.agentId}`;
    const names = await bench.mirror(workspace, "for-each-ref", "--format=%(refname)", salvage);
    expect(names).not.toBe("");
    const newest = names.split("\n").at(-1) ?? "";
    expect(await bench.mirror(workspace, "show", `${newest}:src/late.txt`)).toBe("late");
    expect(await bench.mirror(workspace, "show", `${newest}:src/a.txt`)).toBe("one\ntwo\nmine");
  });

  it("can be removed like any other: all is saved, nothing is left", async () => {
    await start("echo mine >> src/a.txt", { "src/a.txt": "one\ntheirs\n" });
    const { moved } = await move();
    await bench.asAgent(moved, "echo more > src/more.txt");
    const steps = await bench.workspaces.remove(moved);
    expect(steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(await bench.workspaces.residue(moved.agentId, moved.taskId)).toEqual([]);
  });
});

describe("a move that is stopped", () => {
  it("ends with the signal's reason, leaves no process or scratch, and everything can still be saved", async () => {
    const head = await start("echo mine >> src/a.txt", { "keep/b.txt": "B\n" });
    const request = { commit: snapshot.commit, subject: "s", body: "", at: AT } as const;
    await bench.workspaces.fetchHead(bench.repository, workspace);
    const merged = await bench.workspaces.merge(workspace, { ...request, head, mode: "rebase" });
    if (merged.kind !== "clean") throw new Error("it conflicts");
    const { commit } = merged.snapshot;
    const stopped = AbortSignal.abort(new Error("killed by a person"));
    const moving = bench.workspaces.moveBase(workspace, { head, commit, sequence: 1.5 }, stopped);
    await expect(moving).rejects.toThrow("killed by a person");
    expect(bench.sandbox.list()).toEqual([]);
    expect(await readdir(join(bench.dataDir, "scratch"))).toEqual([]);
    expect(await bench.asAgent(workspace, "cat src/a.txt")).toBe("one\ntwo\nmine\n");
    expect((await bench.workspaces.remove(workspace)).every(({ ok }) => ok)).toBe(true);
  });
});

describe("attacks on a workspace that is moved", () => {
  it.each([
    ["the file in conflict is a link to the outside", "rm src/a.txt; ln -s OUTSIDE/target.txt src/a.txt"],
    ["its folder is a link to the outside", "rm -r src; ln -s OUTSIDE src"],
    ["a new file's folder is a link to the outside", "ln -s OUTSIDE added"],
  ])("writes nothing outside of the tree when %s", async (_, script) => {
    await start("printf 'one\\nmine\\n' > src/a.txt", {
      "src/a.txt": "one\ntheirs\n",
      "added/target.txt": "pwned\n",
    });
    const outside = join(bench.fixture.folder, "outside");
    await bench.fixture.git(bench.fixture.folder, "init", "-q", outside);
    await writeFile(join(outside, "target.txt"), "precious\n");
    await writeFile(join(outside, "a.txt"), "precious\n");
    await bench.asAgent(workspace, script.replaceAll("OUTSIDE", outside));
    const { moved } = await move();
    expect(await readFile(join(outside, "target.txt"), "utf8")).toBe("precious\n");
    expect(await readFile(join(outside, "a.txt"), "utf8")).toBe("precious\n");
    expect((await readdir(outside)).toSorted()).toEqual([".git", "a.txt", "target.txt"]);
    expect(await bench.asAgent(moved, "test ! -L src && test ! -L src/a.txt && cat src/a.txt")).toContain(
      "mine",
    );
  });

  it("survives an agent's git directory that is full of traps", async () => {
    const head = await start("echo mine >> src/a.txt", { "keep/b.txt": "B\n" });
    const outside = join(bench.fixture.folder, "outside.txt");
    await writeFile(outside, "precious\n");
    await bench.asAgent(
      workspace,
      `cd /mosaic/git; rm -rf HEAD index packed-refs refs; ln -s ${outside} HEAD; ln -s ${outside} index; ln -s ${outside} packed-refs; ln -s / refs`,
    );
    const { moved } = await move();
    expect(moved.baseCommit).toBe(head);
    expect(await readFile(outside, "utf8")).toBe("precious\n");
  });

  it("loses nothing outside while a process of the agent swaps a folder for a link again and again", async () => {
    await start("printf 'one\\nmine\\n' > src/a.txt", { "src/a.txt": "one\ntheirs\n" });
    const outside = join(bench.fixture.folder, "outside");
    await bench.fixture.git(bench.fixture.folder, "init", "-q", outside);
    await writeFile(join(outside, "a.txt"), "precious\n");
    const swapping = await bench.sandbox.start({
      id: "swapping",
      label: `agent:${workspace.agentId}`,
      command: [
        "/bin/sh",
        "-c",
        `echo go; while :; do mv src real 2>/dev/null && ln -s ${outside} src; rm -f src; mv real src 2>/dev/null; done`,
      ],
      env: { PATH: "/usr/bin:/bin" },
      cwd: "/tree",
      mounts: workspace.mounts,
      scratch: [],
      limits: {
        memoryMb: 128,
        fileBytes: 1 << 20,
        openFiles: 64,
        tmpBytes: 1 << 20,
        processes: 256,
        cpus: 1,
      },
    });
    const ended = collect(swapping, { maxBytes: 1 << 16, timeoutMs: 120_000 });
    // Whatever comes of it: a race may be lost in the tree, never outside.
    await move().catch(() => undefined);
    await swapping.kill();
    await ended;
    expect(await readFile(join(outside, "a.txt"), "utf8")).toBe("precious\n");
    expect((await readdir(outside)).toSorted()).toEqual([".git", "a.txt"]);
  });
});
