import { writeFixtureFiles } from "@mosaic/testing";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
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
  for (const folder of ["aside", "trash", "scratch"]) expect(await names(folder)).toEqual([]);
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
      { name: "git", ok: true },
      { name: "worktree", ok: true },
      { name: "private", ok: true },
      { name: "salvage", ok: true, detail: `saved as ${salvageRef()}` },
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
    // What git leaves when it is killed, or finds no space.
    const unfinished = ["objects/13/tmp_obj_ga52pa", "objects/pack/tmp_pack_x", "objects/pack/.tmp-1-pack-y"];
    const left = Object.fromEntries([...locks, ...unfinished].map((name) => [name, ""]));
    await writeFixtureFiles(workspace.mirror, left);
    const later = await bench.reopened();
    const steps = await later.sweep();
    await later.close();
    expect(steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(detail(steps, "locks")).toBe("6 removed");
    for (const name of Object.keys(left)) expect(existsSync(join(workspace.mirror, name))).toBe(false);
    for (const folder of ["trash", "scratch"]) expect(await names(folder)).toEqual([]);
    expect((await names("mirrors")).filter((name) => name.startsWith("."))).toEqual([]);
    expect(await names("private")).toHaveLength(1);
    expect(existsSync(workspace.tree)).toBe(true);
    expect((await bench.open("T-2")).files).toBe(2);
  });

  it("keeps the files of a workspace whose record cannot be read or is gone, and starts all the same", async () => {
    await start();
    const lost = await bench.open("T-2");
    await bench.asAgent(workspace, "echo work > work.txt");
    await bench.asAgent(lost, "echo more > work.txt");
    await writeFile(join(workspace.privateDir, "workspace.json"), "");
    await rm(lost.privateDir, { recursive: true });
    const later = await bench.reopened();
    const steps = await later.sweep();
    expect(steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(detail(steps, "unknown workspaces")).toBe("3 kept");
    expect(await later.leftovers()).toEqual([]);
    await later.close();
    for (const { agentId, taskId } of [workspace, lost])
      expect(await later.residue(agentId, taskId)).toEqual([]);
    const kept = (await names("kept")).filter((name) => name.startsWith("agent-"));
    const texts = await Promise.all(
      kept.map((name) => readFile(join(bench.dataDir, "kept", name, "work.txt"), "utf8")),
    );
    expect(texts.sort()).toEqual(["more\n", "work\n"]);
  });
});

describe("what an agent committed itself", () => {
  it("is kept, with its stashes and what it had moved away from, under one ref", async () => {
    await start();
    await bench.asAgent(
      workspace,
      `git checkout -q -b side; echo one > one.txt; git add .; git commit -qm one
      git checkout -q -; echo stashed > README.md; git stash -q
      echo gone > gone.txt; git add .; git commit -qm gone; git reset -q --hard HEAD~1`,
    );
    const steps = await bench.workspaces.remove(workspace);
    const ref = `refs/mosaic/commits/${workspace.agentId}`;
    expect(detail(steps, "salvage")).toBe("nothing was changed");
    expect(detail(steps, "commits")).toMatch(new RegExp(`^\\d of its own, saved as ${ref}$`));
    const log = await bench.mirror(workspace, "log", "--format=%s", ref);
    expect(log.split("\n")).toEqual(expect.arrayContaining(["one", "gone"]));
    expect(log).toMatch(/^WIP on /m);
    const all = await bench.mirror(workspace, "rev-list", "--objects", ref);
    expect(all).toMatch(/ one\.txt$/m);
    expect(all).toMatch(/ gone\.txt$/m);
    await expectNothingLeft();
  });

  it("is kept as its whole git directory where it cannot be read", async () => {
    await start();
    await bench.asAgent(
      workspace,
      `echo x > x.txt; git add .; git commit -qm x
      echo ${"1".repeat(40)} > "$(git rev-parse --git-dir)/refs/heads/broken"`,
    );
    const steps = await bench.workspaces.remove(workspace);
    expect(detail(steps, "commits")).toMatch(/^the agent's git directory is kept at .*git-agent-/);
    expect(await names("kept")).toHaveLength(1);
    expect(detail(steps, "salvage")).toBe(`saved as ${salvageRef()}`);
    await expectNothingLeft();
  });

  it("runs none of what it configured on the host", async () => {
    await start();
    const marker = join(bench.fixture.folder, "ran");
    await bench.asAgent(
      workspace,
      `echo x > x.txt; git add .; git commit -qm x
      git config core.fsmonitor "touch ${marker}"; git config core.pager "touch ${marker}"
      git config uploadpack.packObjectsHook "touch ${marker}"; git config core.sshCommand "touch ${marker}"`,
    );
    expect(detail(await bench.workspaces.remove(workspace), "commits")).toMatch(/^1 of its own/);
    expect(existsSync(marker)).toBe(false);
  });
});
