import type { Git, GitCall } from "@mosaic/git";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, expect, it } from "vitest";
import { createBench, type Bench } from "../../tests/git/bench.ts";
import { killedGit } from "../../tests/git/killed-git.ts";
import { appeared } from "../runtimes/conformance/trial.ts";
import type { Workspace } from "./port.ts";

let bench: Bench;
afterEach(() => bench.dispose());

let killed: Git | null;
/** How each fetch ended. */
let fetches: ("ok" | "failed")[];
let failed: PromiseWithResolvers<void>;

/** A first workspace; while `killed` is set, git is killed while it makes another one. */
async function start(): Promise<Workspace> {
  killed = null;
  fetches = [];
  failed = Promise.withResolvers<void>();
  bench = await createBench({
    wrapGit: (git) => ({
      run: (call) => (call.command === "fetch" ? fetched(git, call) : gitFor(call, git).run(call)),
    }),
  });
  const first = await bench.open();
  await bench.fixture.commit(bench.remote, "main", { "new.txt": "x\n" });
  fetches = [];
  return first;
}

const gitFor = ({ command, options }: GitCall, git: Git): Git =>
  command === "worktree" && options?.[0] === "add" ? (killed ?? git) : git;

async function fetched(git: Git, call: GitCall) {
  try {
    const result = await git.run(call);
    fetches.push("ok");
    return result;
  } catch (error) {
    fetches.push("failed");
    failed.resolve();
    throw error;
  }
}

const worktrees = (mirror: string): Promise<string[]> => readdir(join(mirror, "worktrees"));

/** What a git that was killed beside us leaves in a mirror. */
async function leaveHalfMade({ mirror, baseCommit }: Workspace): Promise<void> {
  const git = await killedGit(bench.fixture.folder);
  const tree = join(bench.dataDir, "workspaces", "half-made");
  const options = ["add", "--quiet", "--no-checkout", ["-b", "mosaic/half-made"]] as const;
  const call: GitCall = { command: "worktree", gitDir: mirror, options, values: [tree, baseCommit] };
  await expect(git.run(call)).rejects.toThrow("was killed from outside");
  expect(existsSync(join(mirror, "worktrees", "half-made", "locked"))).toBe(true);
}

it("nothing is left of a worktree when git is killed while it makes it, and the next fetch does not meet it", async () => {
  const { mirror } = await start();
  killed = await killedGit(bench.fixture.folder);
  const before = await worktrees(mirror);
  await expect(bench.open("T-2")).rejects.toMatchObject({ reason: "workspace" });
  expect(await worktrees(mirror)).toEqual(before);
  expect((await bench.fixture.git(mirror, "branch", "--format=%(refname)")).trim().split("\n")).toHaveLength(
    1,
  );
  for (const folder of ["workspaces", "private"])
    expect(await readdir(join(bench.dataDir, folder))).toHaveLength(1);
  killed = null;
  expect((await bench.open("T-3")).files).toBe(3);
  expect(fetches).toEqual(["ok", "ok"]);
});

it("a fetch that meets a worktree in the making waits until it is made or dead, and is tried once more", async () => {
  await start();
  const { folder } = bench.fixture;
  const go = join(folder, "go");
  await promisify(execFile)("mkfifo", [go]);
  killed = await killedGit(folder, `touch ${folder}/making; read -r word < ${go}`);
  const dying = bench.open("T-2").catch((error: unknown) => error);
  await appeared(folder, "making");
  const other = bench.open("T-3");
  await failed.promise;
  killed = null;
  await writeFile(go, "on\n");
  expect(await dying).toMatchObject({ reason: "workspace" });
  expect((await other).files).toBe(3);
  expect(fetches).toEqual(["ok", "failed", "ok"]);
});

it("a fetch discards one that is dead already, whoever left it", async () => {
  const first = await start();
  await leaveHalfMade(first);
  expect((await bench.open("T-2")).files).toBe(3);
  expect(fetches).toEqual(["failed", "ok"]);
  expect(await worktrees(first.mirror)).not.toContain("half-made");
  expect(await bench.asAgent(first, "cat README.md")).toBe("hello\n");
});

it("a start discards what the last process left of one, and no other worktree", async () => {
  const first = await start();
  await leaveHalfMade(first);
  const next = await bench.reopened();
  expect((await next.sweep()).filter(({ ok }) => !ok)).toEqual([]);
  expect(await worktrees(first.mirror)).toHaveLength(1);
  const request = { repository: bench.repository, baseBranch: "main", taskId: "T-2" };
  await next.create({ ...request, agentId: "00000000-0000-4000-8000-000000000001" });
  expect(fetches).toEqual(["ok"]);
  await next.close();
});
