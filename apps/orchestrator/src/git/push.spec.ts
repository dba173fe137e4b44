import { GitError, type Git } from "@mosaic/git";
import { processesMentioning, writeFixtureFiles } from "@mosaic/testing";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createBench, type Bench, type BenchOptions } from "../../tests/git/bench.ts";
import type { Snapshot, Workspace } from "./port.ts";

let bench: Bench;
let workspace: Workspace;
let snapshot: Snapshot;
async function start(options?: BenchOptions): Promise<void> {
  bench = await createBench(options);
  workspace = await bench.open();
  await bench.asAgent(workspace, "echo three >> src/a.txt");
  snapshot = await bench.snapshot(workspace);
}
afterEach(() => bench.dispose());

const push = (commit = snapshot.commit, signal?: AbortSignal) =>
  bench.workspaces.push(bench.repository, workspace, commit, { signal });
const onRemote = (ref: string) =>
  bench.fixture.git(bench.remote, "for-each-ref", "--format=%(objectname)", ref);
/** Breaks the pushes of a bench, after or instead of the real one. */
const breaking = (
  how: (git: Git, call: Parameters<Git["run"]>[0]) => ReturnType<Git["run"]>,
): BenchOptions => ({
  wrapGit: (git) => ({ run: (call) => (call.command === "push" ? how(git, call) : git.run(call)) }),
});
const connectionLost = () =>
  new GitError("git push failed: the connection was lost", {
    kind: "failed",
    command: "push",
    code: 128,
    stderr: "fatal: the remote end hung up unexpectedly",
  });

describe("committing a snapshot", () => {
  it("moves the branch to the very object that was gated", async () => {
    await start();
    await bench.workspaces.commit(workspace, snapshot.commit);
    expect(await bench.mirror(workspace, "rev-parse", workspace.branch)).toBe(snapshot.commit);
    await bench.asAgent(workspace, "echo four >> src/a.txt");
    const next = await bench.snapshot(workspace, 2);
    await bench.workspaces.commit(workspace, next.commit);
    expect(await bench.mirror(workspace, "rev-parse", workspace.branch)).toBe(next.commit);
  });

  it("refuses what is no snapshot of the agent, and a branch that somebody moved", async () => {
    await start();
    const other = await bench.open("T-2");
    await bench.asAgent(other, "echo other > other.txt");
    const foreign = await bench.snapshot(other);
    await expect(bench.workspaces.commit(workspace, foreign.commit)).rejects.toThrow(
      /not a snapshot of agent/,
    );
    await bench.mirror(workspace, "update-ref", `refs/heads/${workspace.branch}`, foreign.commit);
    await expect(bench.workspaces.commit(workspace, snapshot.commit)).rejects.toThrow(
      /where we did not put it/,
    );
  });
});

describe("a push", () => {
  it("puts exactly the gated commit on the remote, and says so after reading it back", async () => {
    await start();
    await bench.workspaces.commit(workspace, snapshot.commit);
    expect(await push()).toEqual({ branch: workspace.branch, commit: snapshot.commit, remote: bench.remote });
    expect(await onRemote(`refs/heads/${workspace.branch}`)).toBe(snapshot.commit);
    expect(await onRemote("refs/mosaic")).toBe("");
    await bench.asAgent(workspace, "echo four >> src/a.txt");
    snapshot = await bench.snapshot(workspace, 2);
    await bench.workspaces.commit(workspace, snapshot.commit);
    await push();
    expect(await onRemote(`refs/heads/${workspace.branch}`)).toBe(snapshot.commit);
  });

  it("sends nothing when the last word before it is no", async () => {
    await start();
    await bench.workspaces.commit(workspace, snapshot.commit);
    const beforeSending = () => Promise.reject(new Error("the task is another's by now"));
    const refused = bench.workspaces.push(bench.repository, workspace, snapshot.commit, { beforeSending });
    await expect(refused).rejects.toThrow("another's by now");
    expect(await onRemote("refs/heads/mosaic")).toBe("");
  });

  it("does nothing with a commit that was not committed", async () => {
    await start();
    await expect(push()).rejects.toMatchObject({
      reason: "push",
      message: expect.stringContaining("nothing was pushed"),
    });
    expect(await onRemote("refs/heads/mosaic")).toBe("");
  });

  it("does not overwrite what somebody else has put on the branch", async () => {
    await start();
    await bench.workspaces.commit(workspace, snapshot.commit);
    const theirs = await bench.fixture.commit(bench.remote, workspace.branch, { "theirs.txt": "theirs\n" });
    await expect(push()).rejects.toMatchObject({
      reason: "push",
      message: expect.stringContaining("stale info"),
    });
    expect(await onRemote(`refs/heads/${workspace.branch}`)).toBe(theirs);
  });

  it("tells what a hook of the remote said", async () => {
    await start();
    const hook = {
      text: "#!/bin/sh\necho 'branches need a ticket number' >&2\nexit 1\n",
      executable: true,
    } as const;
    await writeFixtureFiles(bench.remote, { "hooks/pre-receive": hook });
    await bench.workspaces.commit(workspace, snapshot.commit);
    await expect(push()).rejects.toMatchObject({
      reason: "push",
      message: expect.stringMatching(/branches need a ticket number.*pre-receive hook declined/),
    });
  });

  it("counts when it reached the remote and only the answer was lost", async () => {
    await start(breaking((git, call) => git.run(call).then(() => Promise.reject(connectionLost()))));
    await bench.workspaces.commit(workspace, snapshot.commit);
    expect((await push()).commit).toBe(snapshot.commit);
    expect((await push()).commit).toBe(snapshot.commit);
  });

  it("does not count when the remote does not have the commit, whatever the answer was", async () => {
    await start(
      breaking(() => Promise.resolve({ code: 0, stdout: Buffer.alloc(0), stderr: "", truncated: false })),
    );
    await bench.workspaces.commit(workspace, snapshot.commit);
    await expect(push()).rejects.toMatchObject({
      reason: "push",
      message: expect.stringContaining("is at nothing"),
    });
  });

  it("fails with the reason when the remote is gone", async () => {
    await start();
    await bench.workspaces.commit(workspace, snapshot.commit);
    await rename(bench.remote, `${bench.remote}-away`);
    await expect(push()).rejects.toMatchObject({
      reason: "push",
      message: expect.stringContaining("does not appear to be"),
    });
  });

  it("ends with its processes when it is killed", async () => {
    await start();
    await bench.workspaces.commit(workspace, snapshot.commit);
    const fifo = join(bench.fixture.folder, "started");
    const controller = new AbortController();
    const slow = { text: `#!/bin/sh\necho > '${fifo}'\nexec sleep 1000\n`, executable: true } as const;
    await writeFixtureFiles(bench.remote, { "hooks/pre-receive": slow });
    const pushed = push(snapshot.commit, controller.signal);
    await expect
      .poll(() => bench.fixture.git(bench.fixture.folder, "hash-object", fifo).catch(() => ""))
      .not.toBe("");
    controller.abort(new Error("killed"));
    await expect(pushed).rejects.toThrow("killed");
    expect(await processesMentioning(bench.remote)).toEqual([]);
    expect(await onRemote("refs/heads/mosaic")).toBe("");
  });
});
