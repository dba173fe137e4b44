import { AttemptFailure } from "@mosaic/domain";
import { processesMentioning } from "@mosaic/testing";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createBench, type Bench, type BenchOptions } from "../../tests/git/bench.ts";

let bench: Bench;
const start = async (options?: BenchOptions): Promise<Bench> => (bench = await createBench(options));
afterEach(() => bench.dispose());

const leftovers = async (): Promise<string[]> =>
  (
    await Promise.all(
      ["workspaces", "private", "scratch"].map((folder) => readdir(join(bench.dataDir, folder))),
    )
  ).flat();

describe("creating a workspace (ORCH-110, ORCH-111)", () => {
  it("checks out the head of the base branch into a worktree of the agent's own", async () => {
    await start();
    const agentId = randomUUID();
    const head = await bench.workspaces.resolveBranch(bench.repository, "main");
    const workspace = await bench.workspaces.create({
      repository: bench.repository,
      baseBranch: "main",
      agentId,
      taskId: "T_1.x",
    });
    expect(workspace).toMatchObject({
      agentId,
      taskId: "T_1.x",
      branch: `mosaic/t-1-x-${agentId.slice(0, 8)}`,
      baseBranch: "main",
      baseCommit: head,
      tree: join(bench.dataDir, "workspaces", `agent-${agentId}-T_1.x`),
      files: 2,
    });
    expect(readFileSync(join(workspace.tree, "src/a.txt"), "utf8")).toBe("one\ntwo\n");
    expect(await bench.mirror(workspace, "worktree", "list")).toContain(workspace.branch);
  });

  it("sees what was pushed to the remote since the last one", async () => {
    await start();
    await bench.open();
    const newer = await bench.fixture.commit(bench.remote, "main", { "new.txt": "new\n" });
    expect((await bench.open("T-2")).baseCommit).toBe(newer);
  });

  it("follows a base branch that was rewritten, and one that became a folder", async () => {
    await start();
    await bench.fixture.commit(bench.remote, "old", { "x.txt": "x\n" });
    await bench.open();
    await bench.fixture.git(bench.remote, "branch", "-D", "old");
    const deeper = await bench.fixture.commit(bench.remote, "old/er", { "y.txt": "y\n" });
    await bench.fixture.git(bench.remote, "update-ref", "refs/heads/main", deeper);
    expect((await bench.open("T-2")).baseCommit).toBe(deeper);
  });

  it("lets the agent use git on its files, and touch nothing else", async () => {
    await start();
    const workspace = await bench.open();
    const said = await bench.asAgent(
      workspace,
      `git status --porcelain; git log --format=%s; echo new > new.txt; echo x >> src/a.txt
       git diff --stat; git add -A; git commit -qm "by the agent"; git log --format='%an %s' -1; git branch --show-current
       git diff --name-only origin/main; git stash list; git blame src/a.txt > /dev/null`,
    );
    expect(said).toContain("Mosaic Agent by the agent");
    expect(said).toContain(workspace.branch);
    expect(said).toContain("new.txt\nsrc/a.txt");
    expect(await bench.mirror(workspace, "rev-parse", workspace.branch)).toBe(workspace.baseCommit);
    for (const attack of [
      "echo x > .git",
      "rm -f .git; test -e .git && exit 1",
      "mv .git elsewhere",
      "touch /mosaic/objects/x",
      "rm -rf /mosaic/objects/pack",
    ]) {
      await expect(bench.asAgent(workspace, attack)).rejects.toThrow(/script ended with/);
    }
    expect(existsSync(join(workspace.mirror, "objects/pack"))).toBe(true);
  });

  it("makes 20 at once, each with a branch of its own and no lock left", { timeout: 120_000 }, async () => {
    const files = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`f/${index}.txt`, `${index}\n`]),
    );
    await start({ files });
    const made = await Promise.all(Array.from({ length: 20 }, (_, index) => bench.open(`T-${index}`)));
    expect(new Set(made.map(({ branch }) => branch)).size).toBe(20);
    expect(new Set(made.map(({ mirror }) => mirror)).size).toBe(1);
    expect(made.every(({ files: count }) => count === 200)).toBe(true);
    const names = await readdir(made[0]?.mirror ?? "", { recursive: true });
    expect(names.filter((name) => name.endsWith(".lock"))).toEqual([]);
  });

  it("takes the next free name when mirror or remote have the branch", async () => {
    await start();
    const agentId = randomUUID();
    const wanted = `mosaic/t-${agentId.slice(0, 8)}`;
    await bench.fixture.commit(bench.remote, wanted, { "x.txt": "x\n" });
    const first = await bench.open();
    await bench.mirror(first, "branch", `${wanted}-2`, first.baseCommit);
    const request = { repository: bench.repository, baseBranch: "main", agentId, taskId: "t" };
    const workspace = await bench.workspaces.create(request);
    expect(workspace.branch).toBe(`${wanted}-3`);
  });

  it("moves a stray folder of the same name aside, and keeps it", async () => {
    await start();
    const agentId = randomUUID();
    const tree = join(bench.dataDir, "workspaces", `agent-${agentId}-t`);
    await mkdir(tree);
    await writeFile(join(tree, "somebody's.txt"), "work");
    const request = { repository: bench.repository, baseBranch: "main", agentId, taskId: "t" };
    expect((await bench.workspaces.create(request)).tree).toBe(tree);
    const [kept = ""] = await readdir(join(bench.dataDir, "kept"));
    expect(readFileSync(join(bench.dataDir, "kept", kept, "somebody's.txt"), "utf8")).toBe("work");
    await expect(bench.workspaces.create(request)).rejects.toThrow(/has a workspace already/);
    expect(existsSync(join(tree, "README.md"))).toBe(true);
  });

  it("works on a shallow clone, as CI makes them", async () => {
    await start();
    await bench.fixture.commit(bench.remote, "main", { "b.txt": "b\n" });
    const shallow = join(bench.fixture.folder, "shallow.git");
    await bench.fixture.git(
      bench.fixture.folder,
      "clone",
      "--bare",
      "--depth=1",
      `file://${bench.remote}`,
      shallow,
    );
    const repository = { kind: "local", url: shallow, host: "" } as const;
    const workspace = await bench.workspaces.create({
      repository,
      baseBranch: "main",
      agentId: randomUUID(),
      taskId: "t",
    });
    expect(
      await bench.asAgent(workspace, "git log --format=%s; echo x > x; git status --porcelain"),
    ).toContain("?? x");
    expect((await bench.snapshot(workspace)).files).toEqual([{ path: "x", additions: 1, deletions: 0 }]);
  });

  it("works on a repository with SHA-256 ids", async () => {
    await start();
    const path = join(bench.fixture.folder, "sha256");
    await bench.fixture.git(bench.fixture.folder, "init", "-q", "--object-format=sha256", "-b", "main", path);
    await bench.fixture.git(path, "commit", "-q", "--allow-empty", "-m", "start");
    const repository = { kind: "local", url: path, host: "" } as const;
    const workspace = await bench.workspaces.create({
      repository,
      baseBranch: "main",
      agentId: randomUUID(),
      taskId: "t",
    });
    await bench.asAgent(workspace, "echo b > b.txt; git add b.txt; git commit -qm b");
    const { commit } = await bench.snapshot(workspace);
    expect(commit).toHaveLength(64);
  });
});

describe("a workspace that cannot be created", () => {
  it("is a failure that says why: unknown branch, no repository, a branch in the way", async () => {
    await start();
    const request = { repository: bench.repository, agentId: randomUUID(), taskId: "t" };
    await expect(bench.workspaces.create({ ...request, baseBranch: "nope" })).rejects.toThrow(
      "no branch 'nope'",
    );
    const missing = { kind: "local", url: "/nonexistent/x", host: "" } as const;
    const failure = bench.workspaces.create({ ...request, repository: missing, baseBranch: "main" });
    await expect(failure).rejects.toBeInstanceOf(AttemptFailure);
    await expect(failure).rejects.toMatchObject({
      reason: "workspace",
      message: expect.stringContaining("/nonexistent/x"),
    });
    await bench.fixture.commit(bench.remote, "mosaic", { "x.txt": "x\n" });
    await expect(bench.workspaces.create({ ...request, baseBranch: "main" })).rejects.toThrow(
      /branch called 'mosaic'/,
    );
    expect(await leftovers()).toEqual([]);
  });

  it("leaves neither process nor lock nor folder when it is killed while it checks out", async () => {
    const controller = new AbortController();
    await start({
      wrapGit: (git) => ({
        run: (call) => {
          if (call.command === "read-tree") queueMicrotask(() => controller.abort(new Error("killed")));
          return git.run(call);
        },
      }),
    });
    await expect(bench.open("t", controller.signal)).rejects.toThrow("killed");
    expect(await leftovers()).toEqual([]);
    expect(await processesMentioning(bench.dataDir)).toEqual([]);
    const workspace = await bench.open();
    expect(await bench.mirror(workspace, "for-each-ref", "refs/heads", "--format=%(refname:short)")).toBe(
      workspace.branch,
    );
    expect(await bench.mirror(workspace, "worktree", "list", "--porcelain")).toContain(workspace.tree);
  });

  it("is refused for ids that could leave their folder", async () => {
    await start();
    const request = { repository: bench.repository, baseBranch: "main" };
    for (const [agentId, taskId] of [
      ["../x", "t"],
      ["a", "../../etc"],
      ["a/b", "t"],
      ["", "t"],
    ] as const) {
      await expect(bench.workspaces.create({ ...request, agentId, taskId })).rejects.toThrow(/is not a/);
    }
  });
});
