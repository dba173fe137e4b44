import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { createBench, type Bench } from "../../tests/git/bench.ts";
import type { Workspace } from "./port.ts";

let bench: Bench;
afterEach(() => bench.dispose());

const salvaged = (workspace: Workspace): Promise<string> =>
  bench.mirror(workspace, "show", `refs/mosaic/salvage/${workspace.agentId}:work.txt`);

it("leaves nothing of a workspace in its place while its work is still being saved, and restores wait for that", async () => {
  const asked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const sandbox = createBubblewrapSandbox();
  bench = await createBench({
    sandbox: {
      ...sandbox,
      start: async (spec) => {
        if (spec.label.startsWith("saving-")) {
          asked.resolve();
          await goOn.promise;
        }
        return await sandbox.start(spec);
      },
    },
  });
  const workspace = await bench.open();
  const { agentId, taskId, mirror } = workspace;
  await bench.asAgent(workspace, "echo work > work.txt");
  const moved = await bench.workspaces.setAside(workspace);
  expect(moved.map(({ name, ok }) => [name, ok])).toEqual([
    ["git", true],
    ["worktree", true],
    ["private", true],
  ]);
  await asked.promise;
  expect(await bench.workspaces.residue(agentId, taskId)).toEqual([]);
  expect(await bench.mirror(workspace, "worktree", "list")).not.toContain(agentId);
  // A kill looks for sandboxes by the agent's id; this one must not be taken for the agent's.
  expect(bench.sandbox.list().filter(({ label }) => label.split(":").includes(agentId))).toEqual([]);
  const listing = bench.workspaces.salvages.list(agentId, mirror);
  const whole = bench.workspaces.remove(workspace);
  goOn.resolve();
  expect((await listing).map(({ kind }) => kind)).toEqual(["salvage"]);
  expect((await whole).at(-1)).toMatchObject({ name: "salvage", ok: true });
  expect(await salvaged(workspace)).toBe("work");
});

it("goes on where a former process was cut off, at whatever moment", async () => {
  for (const parts of [["worktrees"], ["worktrees", "workspaces"], ["worktrees", "workspaces", "private"]]) {
    bench = await createBench();
    const workspace = await bench.open();
    await bench.asAgent(workspace, "echo work > work.txt");
    const name = `agent-${workspace.agentId}-${workspace.taskId}`;
    const aside = join(bench.dataDir, "aside", name);
    await mkdir(aside, { recursive: true });
    const places: Record<string, readonly [string, string]> = {
      workspaces: [workspace.tree, "tree"],
      worktrees: [join(workspace.mirror, "worktrees", name), "admin"],
      private: [workspace.privateDir, "private"],
    };
    for (const part of parts) {
      const [from, to] = places[part] ?? ["", ""];
      await rename(from, join(aside, to));
    }
    const later = await bench.reopened();
    await later.sweep();
    const [left] = await later.leftovers();
    expect(left).toMatchObject({ agentId: workspace.agentId, taskId: workspace.taskId });
    const steps = await later.remove(left ?? workspace);
    expect(steps.every(({ ok }) => ok)).toBe(true);
    expect(await salvaged(workspace)).toBe("work");
    await later.close();
    expect(await readdir(join(bench.dataDir, "aside"))).toEqual([]);
    expect(await later.leftovers()).toEqual([]);
    if (parts.length < 3) await bench.dispose();
  }
});

it("keeps files that lie aside without a record", async () => {
  bench = await createBench();
  const tree = join(bench.dataDir, "aside", "agent-x-T", "tree");
  await mkdir(tree, { recursive: true });
  await writeFile(join(tree, "work.txt"), "work");
  const later = await bench.reopened();
  await later.sweep();
  await later.close();
  const [kept = ""] = await readdir(join(bench.dataDir, "kept"));
  expect(existsSync(join(bench.dataDir, "kept", kept, "work.txt"))).toBe(true);
  expect(await readdir(join(bench.dataDir, "aside"))).toEqual([]);
});

it("is removed though its branch cannot be let go of, and says so", async () => {
  bench = await createBench({
    wrapGit: (git) => ({
      run: async (call) => {
        if (call.command === "update-ref" && call.options?.includes("-d") === true)
          throw new Error("no space left on device");
        return await git.run(call);
      },
    }),
  });
  const workspace = await bench.open();
  await bench.asAgent(workspace, "echo work > work.txt");
  const steps = await bench.workspaces.remove(workspace);
  expect(steps.at(-1)).toMatchObject({
    name: "branch",
    ok: true,
    detail: expect.stringContaining("no space"),
  });
  expect(await bench.workspaces.reopen(workspace.agentId, workspace.taskId)).toBeNull();
  expect(await salvaged(workspace)).toBe("work");
});

it("stays aside, with its record, when it can neither be saved nor kept, and is removed later", async () => {
  bench = await createBench({ limits: { salvageMs: 1 } });
  const workspace = await bench.open();
  await bench.asAgent(workspace, "echo work > work.txt");
  const kept = join(bench.dataDir, "kept");
  await rm(kept, { recursive: true });
  const steps = await bench.workspaces.remove(workspace);
  expect(steps.find(({ name }) => name === "salvage")).toMatchObject({ ok: false });
  await bench.workspaces.close();
  expect(await bench.workspaces.residue(workspace.agentId, workspace.taskId)).toEqual([]);
  expect(await bench.workspaces.reopen(workspace.agentId, workspace.taskId)).toEqual(workspace);
  await mkdir(kept);
  expect((await bench.workspaces.remove(workspace)).every(({ ok }) => ok)).toBe(true);
  const [name = ""] = await readdir(kept);
  expect(existsSync(join(kept, name, "work.txt"))).toBe(true);
});
