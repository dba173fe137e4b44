import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFixtureFiles } from "@mosaic/testing";
import { extract } from "tar-stream";
import { Readable } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import { restoreInto } from "../../../../cli/src/restore/restore-into.ts";
import { type Bench, type BenchOptions, createBench } from "../../../tests/git/bench.ts";
import type { Workspace } from "../port.ts";
import type { SalvageSet } from "./port.ts";

const signal = new AbortController().signal;
let bench: Bench;
let workspace: Workspace;
async function start(options?: BenchOptions): Promise<void> {
  bench = await createBench(options);
  workspace = await bench.open();
}
afterEach(() => bench.dispose());

const list = () => bench.workspaces.salvages.list(workspace.agentId, workspace.mirror);
const objects = () =>
  bench.mirror(workspace, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)");

async function archived(ref?: string): Promise<string> {
  const items = await list();
  const item = ref === undefined ? items[0] : items.find((found) => found.ref === ref);
  if (item === undefined) throw new Error("there is nothing to restore");
  const target = join(
    bench.fixture.folder,
    `restored-${Math.floor((await stat(bench.dataDir)).ctimeMs)}-${items.length}`,
  );
  const options = { tree: item.tree, suffix: "x", signal };
  await restoreInto(target, bench.workspaces.salvages.archive(workspace.mirror, item, signal), options);
  return target;
}

async function setOf(agentId: string): Promise<SalvageSet> {
  const found = (await bench.workspaces.salvages.sets()).find((set) => set.agentId === agentId);
  if (found === undefined) throw new Error(`nothing was saved of ${agentId}`);
  return found;
}

describe("the list of salvages", () => {
  it("is empty for an agent that changed nothing, or was never there", async () => {
    await start();
    await bench.workspaces.remove(workspace);
    expect(await list()).toEqual([]);
    expect(await bench.workspaces.salvages.list("nobody", "/no/mirror")).toEqual([]);
  });

  it("has the last files first, then snapshots from the newest on, then the agent's own commits", async () => {
    await start();
    await bench.asAgent(workspace, "echo 1 > n; git add .; git commit -qm own; chmod +x n");
    await bench.snapshot(workspace, 9);
    await bench.asAgent(workspace, "echo 22 > n");
    await bench.snapshot(workspace, 10);
    await bench.asAgent(workspace, "echo 333 > n");
    await bench.workspaces.remove(workspace);
    const agent = `refs/mosaic/agents/${workspace.agentId}/snapshots`;
    const items = await list();
    expect(items.map(({ ref, kind }) => `${kind} ${ref}`)).toEqual([
      `salvage refs/mosaic/salvage/${workspace.agentId}`,
      `snapshot ${agent}/10`,
      `snapshot ${agent}/9`,
      `commits refs/mosaic/commits/${workspace.agentId}`,
    ]);
    expect(items[0]).toMatchObject({ files: 3, bytes: 6 + 8 + 4, at: "2026-03-04T05:06:07.000Z" });
    expect(await readFile(join(await archived(), "n"), "utf8")).toBe("333\n");
  });

  it("has the last files first even when an older salvage was made on the way, because the base moved", async () => {
    await start();
    await bench.asAgent(workspace, "echo 1 > n; git add .; git commit -qm first");
    const { commit } = await bench.snapshot(workspace, 1);
    await bench.asAgent(workspace, "echo unseen > n");
    const request = { head: workspace.baseCommit, commit, sequence: 1.5 };
    workspace = await bench.workspaces.moveBase(workspace, request);
    await bench.asAgent(workspace, "echo 2 > n; git add .; git commit -qm second");
    await bench.snapshot(workspace, 2);
    expect((await list())[0]?.ref).toMatch(/\/snapshots\/2$/);
    await bench.workspaces.remove(workspace);
    expect((await list()).map(({ kind }) => kind)).toEqual([
      "salvage",
      "snapshot",
      "snapshot",
      "snapshot",
      "commits",
    ]);
    expect(await readFile(join(await archived(), "n"), "utf8")).toBe("2\n");
    const history = await bench.mirror(
      workspace,
      "log",
      "--format=%s",
      `refs/mosaic/commits/${workspace.agentId}`,
    );
    expect(history.split("\n")).toEqual(expect.arrayContaining(["first", "second"]));
    expect(await bench.mirror(workspace, "show", `refs/mosaic/salvage/${workspace.agentId}^:n`)).toBe(
      "unseen",
    );
  });

  it("has what was kept as files before anything else", async () => {
    await start();
    await bench.asAgent(workspace, "echo 1 > n");
    await bench.snapshot(workspace);
    await writeFixtureFiles(workspace.tree, {
      "work.txt": "work",
      "sub/.git/config": "[core]\n",
      "sub/x": "x",
    });
    await mkdir(join(workspace.tree, "empty"));
    await symlink("/etc/passwd", join(workspace.tree, "link"));
    await bench.workspaces.remove(workspace);
    const [kept, snapshot] = await list();
    expect(kept).toMatchObject({ kind: "kept", commit: null, tree: null });
    expect(snapshot?.kind).toBe("snapshot");
    const folder = await archived();
    expect((await readdir(folder)).sort()).toEqual([
      "README.md",
      "empty",
      "link",
      "n",
      "src",
      "sub",
      "work.txt",
    ]);
    // A nested repository stays on the server.
    expect(await readdir(join(folder, "sub"))).toEqual(["x"]);
  });
});

describe("an archive", () => {
  it("can be read by any tar, and holds links as links", async () => {
    await start();
    await writeFixtureFiles(workspace.tree, {
      "a\nb": "x",
      run: { text: "#!", executable: true },
      l: { link: "/etc" },
    });
    await bench.workspaces.remove(workspace);
    const [item] = await list();
    if (item === undefined) throw new Error("nothing");
    const found: string[] = [];
    const entries = extract();
    Readable.from(bench.workspaces.salvages.archive(workspace.mirror, item, signal)).pipe(entries as never);
    for await (const entry of entries) {
      const { name, type, mode, linkname } = entry.header;
      found.push(`${type} ${JSON.stringify(name)} ${type === "symlink" ? linkname : mode.toString(8)}`);
      entry.resume();
    }
    expect(found.sort()).toEqual([
      'file "README.md" 644',
      'file "a\\nb" 644',
      'file "run" 755',
      'file "src/a.txt" 644',
      'symlink "l" /etc',
    ]);
  });

  it("of a repository with SHA-256 ids is proven the same way", async () => {
    await start();
    const remote = join(bench.fixture.folder, "sha256");
    const init = ["init", "-q", "--object-format=sha256", "-b", "main", remote] as const;
    await bench.fixture.git(bench.fixture.folder, ...init);
    await bench.fixture.git(remote, "commit", "-q", "--allow-empty", "-m", "start");
    workspace = await bench.workspaces.create({
      repository: { ...bench.repository, url: remote },
      baseBranch: "main",
      agentId: "11111111-1111-4111-8111-111111111111",
      taskId: "T-9",
    });
    await bench.asAgent(workspace, "echo b > b.txt");
    await bench.workspaces.remove(workspace);
    expect((await list())[0]?.tree).toHaveLength(64);
    expect(await readFile(join(await archived(), "b.txt"), "utf8")).toBe("b\n");
  });

  it("leaves no git behind when its reader goes away", async () => {
    await start();
    await writeFile(join(workspace.tree, "large"), Buffer.alloc(8_000_000, 7));
    await bench.workspaces.remove(workspace);
    const [item] = await list();
    if (item === undefined) throw new Error("nothing");
    const gone = new AbortController();
    for await (const chunk of bench.workspaces.salvages.archive(workspace.mirror, item, gone.signal)) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    gone.abort();
  });
});

describe("letting go", () => {
  it("is not held up by a mirror that is damaged: what the others hold is listed", async () => {
    await start();
    await bench.asAgent(workspace, "echo x > x.txt");
    await bench.workspaces.remove(workspace);
    const damaged = join(bench.dataDir, "mirrors", "0".repeat(32));
    await mkdir(damaged);
    await writeFile(join(damaged, "HEAD"), "");
    expect((await bench.workspaces.salvages.sets()).map(({ agentId }) => agentId)).toEqual([
      workspace.agentId,
    ]);
    expect(await bench.workspaces.salvages.usage()).toMatchObject({ agents: 1 });
  });

  it("takes refs, branch and objects, and leaves those of others", async () => {
    await start();
    const other = await bench.open("T-2");
    await bench.asAgent(workspace, "head -c 300000 /dev/urandom > large; git add .; git commit -qm own");
    const { commit } = await bench.snapshot(workspace);
    await bench.workspaces.commit(workspace, commit);
    await bench.asAgent(other, "echo other > other.txt");
    await bench.workspaces.remove(workspace);
    const { salvages } = bench.workspaces;
    const before = await salvages.usage();
    expect(before).toMatchObject({ agents: 1 });
    expect(before.bytes).toBeGreaterThan(300_000);
    await salvages.remove(await setOf(workspace.agentId));
    expect(await salvages.usage()).toEqual({ agents: 0, bytes: 0 });
    expect(await list()).toEqual([]);
    // The other agent borrows from the mirror: nothing is pruned.
    expect(await salvages.reclaim(signal)).toEqual([expect.stringMatching(/: in use$/)]);
    expect(await objects()).toContain(commit);
    await bench.asAgent(other, "git status --porcelain | grep other.txt");
    await bench.workspaces.remove(other);
    expect(await salvages.reclaim(signal)).toEqual([expect.stringMatching(/: packed$/)]);
    expect(await objects()).not.toContain(commit);
    expect(await salvages.holds(workspace.mirror, commit)).toBe(false);
    expect(await bench.mirror(other, "show", `refs/mosaic/salvage/${other.agentId}:other.txt`)).toBe("other");
    expect(await salvages.reclaim(signal)).toEqual([]);
    await bench.mirror(other, "fsck", "--strict");
  });

  it("is refused for an agent that has a workspace", async () => {
    await start();
    await bench.asAgent(workspace, "echo x > x");
    await bench.snapshot(workspace);
    const set = await setOf(workspace.agentId);
    expect(set.inUse).toBe(true);
    await expect(bench.workspaces.salvages.remove(set)).rejects.toThrow("has a workspace");
    expect(await list()).toHaveLength(1);
  });

  it("gives way at once when the mirror is needed", async () => {
    let needed: Promise<Workspace> | undefined;
    await start({
      wrapGit: (git) => ({
        run: (call) => {
          // While git packs, somebody wants a workspace.
          if (call.command === "repack") needed = bench.open("T-2");
          return git.run(call);
        },
      }),
    });
    await bench.asAgent(workspace, "echo x > x");
    await bench.workspaces.remove(workspace);
    await bench.workspaces.salvages.remove(await setOf(workspace.agentId));
    const told = await bench.workspaces.salvages.reclaim(signal);
    const other = await needed;
    expect(told).toEqual([expect.stringMatching(/the mirror is needed|packed/)]);
    expect(existsSync(join(other?.tree ?? "", "README.md"))).toBe(true);
  });

  it("takes folders that were kept, and counts them before", async () => {
    await start();
    await writeFixtureFiles(workspace.tree, { "sub/.git/config": "x".repeat(1000) });
    await bench.workspaces.remove(workspace);
    const { salvages } = bench.workspaces;
    expect((await salvages.usage()).bytes).toBeGreaterThan(1000);
    await salvages.remove(await setOf(workspace.agentId));
    await bench.workspaces.close();
    expect(await readdir(join(bench.dataDir, "kept"))).toEqual([]);
    expect(await readdir(join(bench.dataDir, "trash"))).toEqual([]);
    expect((await salvages.usage()).bytes).toBe(0);
  });
});
