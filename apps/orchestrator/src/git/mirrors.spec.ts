import { createRemotes } from "@mosaic/git";
import { processesMentioning } from "@mosaic/testing";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { createBench, type Bench, type BenchOptions } from "../../tests/git/bench.ts";
import type { WorkspaceLimits } from "./context.ts";
import { fetchHeads } from "./mirror-fetch.ts";
import { BranchNotFoundError, RepositoryUnreachableError } from "./port.ts";

let bench: Bench;
const start = async (options?: BenchOptions): Promise<Bench> => (bench = await createBench(options));
afterEach(() => bench.dispose());

const locksIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".lock"));

describe("a mirror", () => {
  it("is one per repository, and where it was said to be", async () => {
    await start();
    const { mirror } = await bench.open();
    expect(await bench.workspaces.mirrorOf(bench.remote)).toBe(mirror);
    expect(await bench.workspaces.mirrorOf(`${bench.remote}/`)).toBe(mirror);
    expect((await bench.open("T-2")).mirror).toBe(mirror);
    expect(await bench.workspaces.mirrorOf("git@host.example:a/b.git")).toBe(
      await bench.workspaces.mirrorOf("ssh://git@host.example/a/b.git"),
    );
  });

  it("shares fetches among callers who come together, and never answers with an old one", async () => {
    let fetches = 0;
    await start({
      wrapGit: (git) => ({
        run: (call) => {
          if (call.command === "fetch") fetches += 1;
          return git.run(call);
        },
      }),
    });
    await bench.open();
    fetches = 0;
    const first = bench.open("T-2");
    const newer = bench.fixture.commit(bench.remote, "main", { "new.txt": "x\n" });
    const others = newer.then(() =>
      Promise.all(Array.from({ length: 8 }, (_, n) => bench.open(`T-${n + 3}`))),
    );
    await first;
    for (const workspace of await others) expect(workspace.baseCommit).toBe(await newer);
    expect(fetches).toBeLessThanOrEqual(3);
  });

  it("is fetched while nobody makes a worktree, when there is a half-made one each time it is tried", async () => {
    await start();
    const { mirror } = await bench.open();
    const halfMade = await halfMadeWorktree(mirror);
    const commit = await bench.fixture.commit(bench.remote, "main", { "new.txt": "x\n" });
    const limits = { networkMs: 60_000 } as WorkspaceLimits;
    let waits = 0;
    const remotes = createRemotes({ allowPrivate: false });
    await fetchHeads({ git: bench.git, remotes, limits }, bench.repository, {
      mirror,
      signal: new AbortController().signal,
      alone: async (action) => {
        waits += 1;
        // Each wait ends with another one in the making, but for the one in which nobody may make any.
        if (waits === 5) await rm(halfMade, { recursive: true });
        await action();
      },
    });
    expect(waits).toBe(5);
    expect((await bench.fixture.git(mirror, "rev-parse", "refs/remotes/origin/main")).trim()).toBe(commit);
  });

  it.each([
    ["its marker", "mosaic.json"],
    ["its HEAD", "HEAD"],
    ["its objects", "objects"],
    ["its refs", "refs"],
  ])("is made anew by the next process when %s was lost, and the damaged one is kept", async (_, what) => {
    await start();
    const { mirror } = await bench.open();
    await rm(join(mirror, what), { recursive: true });
    const later = await bench.reopened();
    const request = { repository: bench.repository, baseBranch: "main", taskId: "t" };
    const made = await later.create({ ...request, agentId: "00000000-0000-4000-8000-000000000001" });
    expect(made.mirror).toBe(mirror);
    expect(existsSync(join(mirror, "mosaic.json"))).toBe(true);
    expect(await readdir(join(bench.dataDir, "kept"))).toHaveLength(1);
  });

  it("is made anew when it turns out to be damaged while it is in use", async () => {
    await start();
    const { mirror } = await bench.open();
    await rm(join(mirror, "objects"), { recursive: true });
    expect((await bench.open("T-2")).files).toBe(2);
  });

  it("is fetched in spite of locks that a killed process left", async () => {
    await start();
    const { mirror } = await bench.open();
    await bench.fixture.commit(bench.remote, "main", { "new.txt": "x\n" });
    await writeFile(join(mirror, "refs/remotes/origin/main.lock"), "");
    const later = await bench.reopened();
    const request = { repository: bench.repository, baseBranch: "main", taskId: "t" };
    const made = await later.create({ ...request, agentId: "00000000-0000-4000-8000-000000000001" });
    expect(made.files).toBe(3);
    expect(await locksIn(mirror)).toEqual([]);
  });

  it("is not made when its only caller is killed while it is fetched: no process, folder or lock stays", async () => {
    const controller = new AbortController();
    const silent = createServer(() => controller.abort(new Error("killed")));
    await new Promise<void>((resolve) => {
      silent.listen(0, "127.0.0.1", resolve);
    });
    const { port } = silent.address() as AddressInfo;
    await start({ remotes: { allowPrivate: true, lookup: () => Promise.resolve(["127.0.0.1"]) } });
    const url = `https://hang.example:${port}/x.git`;
    const request = { repository: { kind: "https", url, host: "hang.example" }, baseBranch: "main" } as const;
    const made = bench.workspaces.create({ ...request, agentId: "a", taskId: "t" }, controller.signal);
    await expect(made).rejects.toThrow("killed");
    expect(await processesMentioning(`${port}/x.git`)).toEqual([]);
    expect(await readdir(join(bench.dataDir, "mirrors"))).toEqual([]);
    await new Promise((resolve) => {
      silent.close(resolve);
    });
  });

  it("keeps being fetched for the callers that stay when one goes", async () => {
    await start();
    await bench.open();
    const controller = new AbortController();
    const going = bench.open("T-2", controller.signal);
    const staying = bench.open("T-3");
    controller.abort(new Error("killed"));
    await expect(going).rejects.toThrow("killed");
    expect((await staying).files).toBe(2);
  });
});

describe("asking for a branch", () => {
  it("answers with its commit and writes nothing", async () => {
    await start();
    const commit = await bench.fixture.commit(bench.remote, "feature/x", { "x.txt": "x\n" });
    expect(await bench.workspaces.resolveBranch(bench.repository, "feature/x")).toBe(commit);
    expect(await readdir(join(bench.dataDir, "mirrors"))).toEqual([]);
  });

  it.each(["nope", "x", "heads/main", "refs/heads/main", "HEAD", "main*", "-x", "a..b", ""])(
    "says that there is no branch %j",
    async (branch) => {
      await start();
      await bench.fixture.commit(bench.remote, "feature/x", { "x.txt": "x\n" });
      const asked = bench.workspaces.resolveBranch(bench.repository, branch);
      await expect(asked).rejects.toBeInstanceOf(BranchNotFoundError);
    },
  );

  it("says why a repository cannot be read", async () => {
    await start();
    const cases = [
      ["/nonexistent/repository.git", /does not appear to be a git repository/],
      [bench.fixture.folder, /does not appear to be a git repository/],
    ] as const;
    for (const [url, why] of cases) {
      const asked = bench.workspaces.resolveBranch({ kind: "local", url, host: "" }, "main");
      await expect(asked).rejects.toBeInstanceOf(RepositoryUnreachableError);
      await expect(asked).rejects.toThrow(why);
    }
    const inside = { kind: "https", url: "https://inside.example/x.git", host: "inside.example" } as const;
    await expect(bench.workspaces.resolveBranch(inside, "main")).rejects.toThrow(
      /does not resolve|not a public address/,
    );
  });
});

/** What git has of a worktree that it is just making. */
async function halfMadeWorktree(mirror: string): Promise<string> {
  const folder = join(mirror, "worktrees", "half-made");
  await mkdir(folder);
  await writeFile(join(folder, "gitdir"), "/nowhere/.git\n");
  await writeFile(join(folder, "commondir"), "../..\n");
  await writeFile(join(folder, "HEAD"), `${"0".repeat(39)}1\n`);
  return folder;
}
