import { writeFixtureFiles } from "@mosaic/testing";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createBench, type Bench, type BenchOptions } from "../../tests/git/bench.ts";
import type { CleanupStep, Workspace } from "./port.ts";

let bench: Bench;
let workspace: Workspace;
async function start(options?: BenchOptions): Promise<void> {
  bench = await createBench(options);
  workspace = await bench.open();
}
afterEach(() => bench.dispose());

const salvageRef = () => `refs/mosaic/salvage/${workspace.agentId}`;
const detail = (steps: readonly CleanupStep[], name: string) =>
  steps.find((step) => step.name === name)?.detail;
const names = (folder: string) => readdir(join(bench.dataDir, folder));

async function expectNothingLeft(): Promise<void> {
  expect(await bench.workspaces.residue(workspace.agentId, workspace.taskId)).toEqual([]);
  expect(await bench.workspaces.reopen(workspace.agentId, workspace.taskId)).toBeNull();
  expect(await bench.mirror(workspace, "worktree", "list", "--porcelain")).not.toContain(workspace.tree);
  await bench.workspaces.close();
  expect(await names("trash")).toEqual([]);
  expect(await names("scratch")).toEqual([]);
}

describe("removing a workspace (ORCH-118)", () => {
  it("saves what no snapshot has, then leaves nothing", async () => {
    await start();
    await bench.asAgent(workspace, "echo first > new.txt");
    const snapshot = await bench.snapshot(workspace);
    await bench.asAgent(workspace, "echo second > new.txt; rm README.md");
    expect(await bench.workspaces.residue(workspace.agentId, workspace.taskId)).toHaveLength(3);
    const steps = await bench.workspaces.remove(workspace);
    expect(steps).toEqual([
      { name: "salvage", ok: true, detail: `saved as ${salvageRef()}` },
      { name: "worktree", ok: true },
      { name: "git", ok: true },
      { name: "private", ok: true },
    ]);
    expect(await bench.mirror(workspace, "show", `${salvageRef()}:new.txt`)).toBe("second");
    expect(await bench.mirror(workspace, "rev-parse", `${salvageRef()}^`)).toBe(snapshot.commit);
    await expectNothingLeft();
  });

  it("needs no commit of its own for what the newest snapshot has, or for nothing", async () => {
    await start();
    await bench.asAgent(workspace, "echo first > new.txt");
    for (const sequence of [1, 2, 10]) await bench.snapshot(workspace, sequence);
    const snapshots = `refs/mosaic/agents/${workspace.agentId}/snapshots`;
    expect(detail(await bench.workspaces.remove(workspace), "salvage")).toBe(`is ${snapshots}/10`);
    expect(await bench.mirror(workspace, "for-each-ref", "refs/mosaic/salvage")).toBe("");
    await expectNothingLeft();
    workspace = await bench.open("T-2");
    expect(detail(await bench.workspaces.remove(workspace), "salvage")).toBe("nothing was changed");
    await expectNothingLeft();
  });

  it("deletes a branch that is still at its base, and keeps one that was committed to", async () => {
    await start();
    await bench.workspaces.remove(workspace);
    expect(await bench.mirror(workspace, "for-each-ref", "refs/heads")).toBe("");
    workspace = await bench.open();
    await bench.asAgent(workspace, "echo x > x.txt");
    const { commit } = await bench.snapshot(workspace);
    await bench.workspaces.commit(workspace, commit);
    await bench.workspaces.remove(workspace);
    expect(await bench.mirror(workspace, "rev-parse", workspace.branch)).toBe(commit);
  });

  it("can be asked for twice, at once and again", async () => {
    await start();
    await bench.asAgent(workspace, "echo x > x.txt");
    const [first, second] = await Promise.all([
      bench.workspaces.remove(workspace),
      bench.workspaces.remove(workspace),
    ]);
    expect(second).toEqual(first);
    const again = await bench.workspaces.remove(workspace);
    expect(again.every(({ ok }) => ok)).toBe(true);
    expect(detail(again, "salvage")).toBe("there are no files");
    expect(await bench.mirror(workspace, "show", `${salvageRef()}:x.txt`)).toBe("x");
    await expectNothingLeft();
  });

  it("keeps the files where no commit can be made of them, and says where", async () => {
    await start();
    await writeFixtureFiles(workspace.tree, { "work.txt": "work", "sub/.git/config": "[core]\n" });
    const steps = await bench.workspaces.remove(workspace);
    expect(steps.every(({ ok }) => ok)).toBe(true);
    expect(detail(steps, "salvage")).toMatch(
      /^the files are kept at .*sub\/\.git: is a nested git repository/,
    );
    const [kept = ""] = await names("kept");
    expect(existsSync(join(bench.dataDir, "kept", kept, "work.txt"))).toBe(true);
    await expectNothingLeft();
  });

  it("keeps the files when the sandbox does not work, the mirror is gone, or it takes too long", async () => {
    await start({ limits: { salvageMs: 1 } });
    await bench.asAgent(workspace, "echo work > work.txt");
    expect(detail(await bench.workspaces.remove(workspace), "salvage")).toMatch(/kept at .* timeout/);
    await expectNothingLeft();
    workspace = await bench.open("T-2");
    await rm(workspace.mirror, { recursive: true });
    const steps = await bench.workspaces.remove(workspace);
    expect(detail(steps, "salvage")).toMatch(/kept at/);
    expect(steps.every(({ ok }) => ok)).toBe(true);
    expect(await names("kept")).toHaveLength(2);
    expect(await bench.workspaces.residue(workspace.agentId, workspace.taskId)).toEqual([]);
  });

  it("does not lose what the agent made unreadable, and deletes what it made unwritable", async () => {
    await start();
    await bench.asAgent(
      workspace,
      "mkdir -p build/deep; echo x > build/deep/x; chmod 000 build/deep; chmod 500 build",
    );
    // git only warns about a folder it cannot open; a file in there would be lost.
    const steps = await bench.workspaces.remove(workspace);
    expect(detail(steps, "salvage")).toMatch(/kept at .*could not open directory 'build\/deep/);
    await expectNothingLeft();
    workspace = await bench.open("T-2");
    await bench.asAgent(workspace, "echo build > .gitignore; mkdir -p build/deep; chmod 500 build");
    expect(detail(await bench.workspaces.remove(workspace), "salvage")).toBe(`saved as ${salvageRef()}`);
    await expectNothingLeft();
  });

  it("takes bytes as they lie there, whatever the tree's attributes would make of them", async () => {
    await start();
    await bench.asAgent(
      workspace,
      String.raw`echo '* text eol=lf working-tree-encoding=UTF-16' > .gitattributes; printf 'a\r\nb\n\377' > mixed`,
    );
    await bench.workspaces.remove(workspace);
    const bytes = execFileSync("git", [
      "--git-dir",
      workspace.mirror,
      "cat-file",
      "blob",
      `${salvageRef()}:mixed`,
    ]);
    expect(bytes).toEqual(Buffer.from("a\r\nb\n\xff", "latin1"));
  });
});

describe("what a salvage holds", () => {
  /** A small generator (mulberry32), so that a failing tree can be made again from its seed. */
  function generator(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
    };
  }

  async function scribble(tree: string, seed: number): Promise<void> {
    const next = generator(seed);
    const parts = ["a", "b c", "-d", "é", "x\ny", "README.md", "src", "z.txt"];
    for (let count = 0; count < 12; count += 1) {
      const path = Array.from({ length: 1 + next(3) }, () => parts[next(parts.length)] ?? "a").join("/");
      const bytes = Buffer.from(Array.from({ length: next(40) }, () => next(256)));
      const kinds = [
        bytes,
        { link: `../${path}` },
        { text: bytes.toString("hex"), executable: true } as const,
        null,
      ];
      // A file where a folder is wanted, or the other way round, is skipped: not every scribble fits.
      await writeFixtureFiles(tree, { [path]: kinds[next(kinds.length)] ?? null }).catch(() => undefined);
    }
  }

  it("is every file, link and mode, byte for byte, for any tree", { timeout: 120_000 }, async () => {
    await start({ files: { "README.md": "hello\n", "src/a.txt": "one\n", "src/b": { link: "a.txt" } } });
    for (let seed = 1; seed <= 6; seed += 1) {
      workspace = await bench.open(`T-${seed}`);
      await scribble(workspace.tree, seed);
      if (seed % 2 === 0) {
        await bench.snapshot(workspace);
        await scribble(workspace.tree, seed + 1000);
      }
      const before = join(bench.fixture.folder, `before-${seed}`);
      await cp(workspace.tree, before, { recursive: true, verbatimSymlinks: true });
      await rm(join(before, ".git"));
      const saved = detail(await bench.workspaces.remove(workspace), "salvage") ?? "";
      const ref = /refs\/\S+/.exec(saved)?.[0] ?? workspace.baseCommit;
      const after = join(bench.fixture.folder, `after-${seed}`);
      await mkdir(after);
      const env = { PATH: "/usr/bin:/bin", GIT_INDEX_FILE: join(bench.fixture.folder, `index-${seed}`) };
      execFileSync(
        "git",
        ["--git-dir", workspace.mirror, "--work-tree", after, "read-tree", "-u", "--reset", ref],
        { env },
      );
      // Compares bytes, links and modes; folders without a file are not part of a tree in git.
      const compared = bench.fixture.git(bench.fixture.folder, "diff", "--no-index", "--stat", before, after);
      await expect(compared, `seed ${seed}`).resolves.toBe("");
    }
  });
});

describe("after a crash", () => {
  it("finds the workspace of an agent again, and removes it with its work", async () => {
    await start();
    await bench.asAgent(workspace, "echo work > work.txt");
    const later = await bench.reopened();
    const found = await later.reopen(workspace.agentId, workspace.taskId);
    expect(found).toEqual(workspace);
    await later.sweep();
    expect(existsSync(join(workspace.tree, "work.txt"))).toBe(true);
    const steps = await later.remove(found ?? workspace);
    expect(detail(steps, "salvage")).toBe(`saved as ${salvageRef()}`);
    expect(await later.residue(workspace.agentId, workspace.taskId)).toEqual([]);
    await later.close();
    expect(await later.reopen("nobody", "nothing")).toBeNull();
  });

  it("sweeps what was half-made, locked or in the trash, and leaves the rest", async () => {
    await start();
    for (const folder of ["trash/agent-x", "scratch/y/git", "mirrors/.new-z/objects", "private/agent-half"]) {
      await mkdir(join(bench.dataDir, folder), { recursive: true });
    }
    await chmod(join(bench.dataDir, "trash/agent-x"), 0o000);
    const locks = ["packed-refs.lock", "refs/remotes/origin/main.lock", "shallow.lock"];
    await writeFixtureFiles(workspace.mirror, Object.fromEntries(locks.map((name) => [name, ""])));
    const later = await bench.reopened();
    const steps = await later.sweep();
    await later.close();
    expect(steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(detail(steps, "locks")).toBe("3 removed");
    for (const folder of ["trash", "scratch"]) expect(await names(folder)).toEqual([]);
    expect((await names("mirrors")).filter((name) => name.startsWith("."))).toEqual([]);
    expect(await names("private")).toHaveLength(1);
    expect(existsSync(workspace.tree)).toBe(true);
    expect((await bench.open("T-2")).files).toBe(2);
  });
});
