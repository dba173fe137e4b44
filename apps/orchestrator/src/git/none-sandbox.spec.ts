import { createNoneSandbox } from "@mosaic/sandbox";
import { randomUUID } from "node:crypto";
import { lstatSync, mkdirSync, symlinkSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AT, createBench, type Bench } from "../../tests/git/bench.ts";
import type { Workspace } from "./port.ts";

let bench: Bench;
let workspace: Workspace;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-none-"));
  bench = await createBench({
    sandbox: createNoneSandbox({ folder }),
    files: { "a.txt": "a\n", ".gitignore": "node_modules/\n" },
  });
  workspace = await bench.open();
});
afterEach(async () => {
  await bench.dispose();
  await rm(folder, { recursive: true });
});

describe("workspaces without a sandbox (SANDBOX_ENABLED=false)", () => {
  it("give the agent a git directory of its own as well", async () => {
    const said = await bench.asAgent(
      workspace,
      "git rev-parse --absolute-git-dir; echo b > b.txt; git add -A; git commit -qm mine; git log --format=%s; git status --porcelain",
    );
    expect(said).toBe(`${workspace.privateDir}/git\nmine\nChange main\n`);
    expect(await bench.mirror(workspace, "rev-parse", workspace.branch)).toBe(workspace.baseCommit);
  });

  it("are snapshot, pushed, salvaged and removed like others", async () => {
    await bench.asAgent(workspace, "echo b > b.txt");
    const { commit, files } = await bench.snapshot(workspace);
    expect(files).toEqual([{ path: "b.txt", additions: 1, deletions: 0 }]);
    await bench.workspaces.commit(workspace, commit);
    await bench.workspaces.push(bench.repository, workspace, commit);
    await bench.asAgent(workspace, "echo c > c.txt");
    const steps = await bench.workspaces.remove(workspace);
    expect(steps.every(({ ok }) => ok)).toBe(true);
    expect(await bench.mirror(workspace, "show", `refs/mosaic/salvage/${workspace.agentId}:c.txt`)).toBe("c");
    expect(await bench.workspaces.residue(workspace.agentId, workspace.taskId)).toEqual([]);
  });

  it("are moved onto a new base like others, and what stands in for a mount stays", async () => {
    await bench.asAgent(workspace, "echo mine > a.txt");
    const { commit } = await bench.snapshot(workspace);
    const prepared = join(bench.dataDir, "prepared", randomUUID());
    mkdirSync(prepared, { recursive: true });
    symlinkSync(prepared, join(workspace.tree, "deps"));
    await bench.fixture.commit(bench.remote, "main", { "a.txt": "theirs\n", "b.txt": "b\n" });
    const head = await bench.workspaces.fetchHead(bench.repository, workspace);
    const message = { subject: "s", body: "", at: AT };
    const merged = await bench.workspaces.merge(workspace, { ...message, commit, head, mode: "rebase" });
    if (merged.kind !== "conflict") throw new Error("it merged");
    const request = { head, commit: merged.conflict.commit, sequence: 1.5 };
    const moved = await bench.workspaces.moveBase(workspace, request);
    expect(await bench.asAgent(moved, "cat b.txt; grep -c '<<<<<<<' a.txt; git rev-parse HEAD")).toBe(
      `b\n1\n${head}\n`,
    );
    expect(lstatSync(join(moved.tree, "deps")).isSymbolicLink()).toBe(true);
  });

  it("do not take for the agent's work what stands in for a mount", async () => {
    const prepared = join(bench.dataDir, "prepared", randomUUID());
    mkdirSync(prepared, { recursive: true });
    await mkdir(join(workspace.tree, "pkg [x]"));
    symlinkSync(prepared, join(workspace.tree, "node_modules"));
    symlinkSync(prepared, join(workspace.tree, "pkg [x]", "node_modules"));
    symlinkSync("/somewhere/else", join(workspace.tree, "own-link"));
    const { files } = await bench.snapshot(workspace);
    expect(files.map(({ path }) => path)).toEqual(["own-link"]);
    expect(lstatSync(join(workspace.tree, "node_modules")).isSymbolicLink()).toBe(true);
    expect(await readdir(join(bench.dataDir, "scratch"))).toEqual([]);
  });
});
