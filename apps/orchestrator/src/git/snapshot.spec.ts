import type { AttemptFailure } from "@mosaic/domain";
import { writeFixtureFiles } from "@mosaic/testing";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { AT, createBench, type Bench, type BenchOptions } from "../../tests/git/bench.ts";
import type { Workspace } from "./port.ts";

let bench: Bench;
let workspace: Workspace;
async function start(options?: BenchOptions): Promise<void> {
  bench = await createBench(options);
  workspace = await bench.open();
}
afterEach(() => bench.dispose());

const listed = async (commit: string): Promise<string> =>
  await bench.mirror(workspace, "ls-tree", "-r", commit);

describe("a snapshot", () => {
  it("is a commit of the exact tree on the base, under a ref, and changes no file", async () => {
    await start();
    await bench.asAgent(
      workspace,
      "echo three >> src/a.txt; rm README.md; mkdir -p d/e; echo new > d/e/f.txt; git add d",
    );
    const snapshot = await bench.snapshot(workspace, 7);
    expect(snapshot.unchanged).toBe(false);
    expect(snapshot.files).toEqual([
      { path: "README.md", additions: 0, deletions: 1 },
      { path: "d/e/f.txt", additions: 1, deletions: 0 },
      { path: "src/a.txt", additions: 1, deletions: 0 },
    ]);
    const format = "--format=%T%n%P%n%an <%ae> %at%n%cn <%ce> %ct%n%B";
    expect((await bench.mirror(workspace, "log", "-1", format, snapshot.commit)).split("\n")).toEqual([
      snapshot.tree,
      workspace.baseCommit,
      `Mosaic Agent <agent@example.com> ${Math.floor(Date.parse(AT) / 1000)}`,
      `Mosaic Agent <agent@example.com> ${Math.floor(Date.parse(AT) / 1000)}`,
      "Do it",
      "",
      "Because.",
    ]);
    const ref = `refs/mosaic/agents/${workspace.agentId}/snapshots/7`;
    expect(await bench.mirror(workspace, "rev-parse", ref)).toBe(snapshot.commit);
    expect(await bench.asAgent(workspace, "git status --porcelain")).toBe(
      " D README.md\nA  d/e/f.txt\n M src/a.txt\n",
    );
    expect(await readdir(join(bench.dataDir, "scratch"))).toEqual([]);
  });

  it("says so when nothing was changed", async () => {
    await start();
    const snapshot = await bench.snapshot(workspace);
    expect(snapshot).toMatchObject({ unchanged: true, files: [] });
    expect(snapshot.tree).toBe(
      await bench.mirror(workspace, "rev-parse", "main^{tree}").catch(() => snapshot.tree),
    );
  });

  it("takes what changed since the last one, edits that keep size and time included", async () => {
    await start();
    await bench.asAgent(workspace, "echo aaa > src/a.txt; touch -d @1000000000 src/a.txt");
    const first = await bench.snapshot(workspace, 1);
    await bench.asAgent(workspace, "echo bbb > src/a.txt; touch -d @1000000000 src/a.txt");
    const second = await bench.snapshot(workspace, 2);
    expect(second.tree).not.toBe(first.tree);
    expect(await bench.mirror(workspace, "show", `${second.commit}:src/a.txt`)).toBe("bbb");
    await bench.asAgent(workspace, "echo aaa > src/a.txt");
    expect((await bench.snapshot(workspace, 3)).tree).toBe(first.tree);
  });

  it("leaves out ignored files and keeps modes, links and every name byte for byte", async () => {
    await start({
      files: { ".gitignore": "*.log\nbuild/\n", "run.sh": { text: "#!/bin/sh\n", executable: true } },
    });
    const odd = [
      "new\nline",
      "-rf",
      'tab\tand "quote"',
      "ünïcode",
      "\u0001\u007f",
      ":(exclude)x",
      "*",
      "back\\slash",
    ];
    await writeFixtureFiles(workspace.tree, Object.fromEntries(odd.map((name) => [name, `${name}\n`])));
    await writeFile(
      Buffer.concat([Buffer.from(`${workspace.tree}/bytes-`), Buffer.from([0xff, 0xfe])]),
      "raw\n",
    );
    await writeFixtureFiles(workspace.tree, {
      "x.log": "ignored",
      "build/out.bin": "ignored",
      "tool.sh": { text: "#!/bin/sh\n", executable: true },
      passwd: { link: "/etc/passwd" },
      empty: "",
      binary: Buffer.from([0, 1, 2, 255]),
    });
    await chmod(join(workspace.tree, "run.sh"), 0o644);
    const { commit, files } = await bench.snapshot(workspace);
    const raw = execFileSync("git", ["--git-dir", workspace.mirror, "ls-tree", "-r", "-z", commit]);
    const entries = raw
      .toString("latin1")
      .split("\0")
      .filter((line) => line !== "");
    const latin1 = (name: string): string => Buffer.from(name).toString("latin1");
    const names = new Map(entries.map((line) => [line.slice(line.indexOf("\t") + 1), line.slice(0, 6)]));
    expect([...names.keys()].toSorted()).toEqual(
      [
        ...odd.map(latin1),
        "bytes-\xff\xfe",
        ".gitignore",
        "run.sh",
        "tool.sh",
        "passwd",
        "empty",
        "binary",
      ].toSorted(),
    );
    expect(names.get("tool.sh")).toBe("100755");
    expect(names.get("run.sh")).toBe("100644");
    expect(names.get("passwd")).toBe("120000");
    expect(await bench.mirror(workspace, "cat-file", "blob", `${commit}:passwd`)).toBe("/etc/passwd");
    expect(files.find(({ path }) => path === "binary")).toEqual({
      path: "binary",
      additions: null,
      deletions: null,
    });
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining(odd));
  });

  it("takes a hundred files and more as a pack, checked as well", async () => {
    await start();
    await bench.asAgent(workspace, "for i in $(seq 300); do echo $i > f$i; done");
    const { files } = await bench.snapshot(workspace);
    expect(files).toHaveLength(300);
    expect(await bench.mirror(workspace, "fsck", "--strict", "--no-dangling")).toBe("");
  });

  it("can be taken while the agent keeps writing", async () => {
    await start();
    const busy = bench.asAgent(
      workspace,
      "for i in $(seq 300); do echo $i > busy; echo $i > n$i; rm -f n$i; done",
    );
    await bench.snapshot(workspace, 1);
    await busy;
    const last = await bench.snapshot(workspace, 2);
    expect(await bench.mirror(workspace, "show", `${last.commit}:busy`)).toBe("300");
  });

  it("keeps a submodule of the base, whose files nobody has", async () => {
    await start();
    const inner = await bench.fixture.remote({ "inner.txt": "inner\n" });
    const clone = join(bench.fixture.folder, "with-submodule");
    await bench.fixture.git(bench.fixture.folder, "clone", "-q", bench.remote, clone);
    await bench.fixture.git(
      clone,
      "-c",
      "protocol.file.allow=always",
      "submodule",
      "--quiet",
      "add",
      inner,
      "sub",
    );
    await bench.fixture.git(clone, "commit", "-q", "-m", "submodule");
    await bench.fixture.git(clone, "push", "-q", "origin", "main");
    workspace = await bench.open("T-2");
    await bench.asAgent(workspace, "echo x > x.txt");
    const { commit, files } = await bench.snapshot(workspace);
    expect(files.map(({ path }) => path)).toEqual(["x.txt"]);
    expect(await listed(commit)).toContain("160000 commit");
    await bench.asAgent(workspace, "echo lost > sub/lost.txt");
    await expect(bench.snapshot(workspace, 2)).rejects.toThrow(/sub\/lost\.txt: lies in a submodule/);
  });
});

describe("a snapshot of a hostile tree", () => {
  const marker = (): string => join(bench.fixture.folder, "executed");
  /** Why it is refused; checks that nothing of it is left. */
  const refusal = async (): Promise<string> => {
    const failure = await bench.snapshot(workspace).catch((error: unknown) => error as AttemptFailure);
    expect(failure).toMatchObject({ reason: "unsafe_tree" });
    expect(await bench.mirror(workspace, "for-each-ref", "refs/mosaic")).toBe("");
    expect(await readdir(join(bench.dataDir, "scratch"))).toEqual([]);
    return (failure as AttemptFailure).message;
  };

  it("is refused for nested repositories, whatever their spelling, before git sees them", async () => {
    await start();
    await mkdir(join(workspace.tree, "sub"));
    await bench.fixture.git(join(workspace.tree, "sub"), "init", "-q");
    await bench.fixture.git(
      join(workspace.tree, "sub"),
      "config",
      "core.fsmonitor",
      `touch ${marker()}; false`,
    );
    expect(await refusal()).toMatch(/sub\/\.git: is a nested git repository/);
    await rm(join(workspace.tree, "sub"), { recursive: true });
    for (const name of [".GIT", ".git ", "git~1", ".g\u200cit", ".git::$INDEX_ALLOCATION"]) {
      await mkdir(join(workspace.tree, "deep", name), { recursive: true });
      expect(await refusal()).toMatch(/nested git repository/);
      await rm(join(workspace.tree, "deep"), { recursive: true });
    }
    expect(existsSync(marker())).toBe(false);
  });

  it("is refused for fifos and sockets, naming each", async () => {
    await start();
    await bench.asAgent(workspace, "mkfifo 'pipe\n'");
    const server = createServer();
    const path = join(bench.fixture.folder, "s");
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
    await rename(path, join(workspace.tree, "socket"));
    expect(await refusal()).toMatch(
      /pipe\\n: is a fifo.*socket: is a socket|socket: is a socket.*pipe\\n: is a fifo/,
    );
    server.close();
  });

  it("is refused for too many files or bytes, and a change too large", async () => {
    await start({ limits: { treeEntries: 50, treeBytes: 1_000_000, snapshotBytes: 20_000 } });
    await bench.asAgent(workspace, "head -c 30000 /dev/urandom > noise");
    expect(await refusal()).toMatch(/larger than 20000 bytes/);
    await bench.asAgent(workspace, "truncate -s 2M noise");
    expect(await refusal()).toMatch(/more than 1000000 bytes/);
    await bench.asAgent(workspace, "rm noise; for i in $(seq 60); do echo > f$i; done");
    expect(await refusal()).toMatch(/more than 50 files/);
  });

  it("runs no filter, hook or other program that the tree or the agent's git directory names", async () => {
    await start();
    await bench.asAgent(
      workspace,
      `echo '* filter=evil diff=evil merge=evil' > .gitattributes
       printf '[filter "evil"]\\n clean = "touch /tmp/executed; cat"\\n required\\n' > .gitconfig
       git config filter.evil.clean 'touch /tree/executed; cat'; git config core.fsmonitor 'touch /tree/executed; false'
       git config core.hooksPath /tree/hooks; mkdir hooks
       printf '#!/bin/sh\\ntouch /tree/executed\\n' > hooks/post-index-change; chmod +x hooks/*
       echo '[submodule "x"]' > .gitmodules; printf ' path = x\\n url = https://example.com/x\\n' >> .gitmodules`,
    );
    const { commit } = await bench.snapshot(workspace);
    expect(await listed(commit)).not.toContain("\texecuted");
    expect(existsSync(join(workspace.tree, "executed"))).toBe(false);
    expect(existsSync(marker())).toBe(false);
  });

  it("is refused for a .gitmodules that attacks whoever clones it", async () => {
    await start();
    const evil = '[submodule "x"]\n path = x\n url = --upload-pack=touch /tmp/x\n';
    await writeFixtureFiles(workspace.tree, { ".gitmodules": evil });
    expect(await refusal()).toMatch(/git refuses its objects.*gitmodules/);
  });

  it("does not read through links, nor what it may not read", async () => {
    await start();
    await symlink("/etc", join(workspace.tree, "etc"));
    await symlink("../../../..", join(workspace.tree, "up"));
    const { commit } = await bench.snapshot(workspace);
    expect(await listed(commit)).toMatch(/120000 blob [0-9a-f]+\tetc/);
    expect((await listed(commit)).split("\n")).toHaveLength(4);
  });

  it("never gets a gitlink past the host, even if git inside was made to write one", async () => {
    // The checkout's index is what git inside starts from: a nested repository slipped in between check and git looks so.
    await start();
    const index = join(workspace.mirror, "worktrees", `agent-${workspace.agentId}-TASK-1`, "index");
    const env = { GIT_INDEX_FILE: index, PATH: "/usr/bin:/bin" };
    const entry = `160000,${workspace.baseCommit},nested`;
    execFileSync("git", ["--git-dir", workspace.mirror, "update-index", "--add", "--cacheinfo", entry], {
      env,
    });
    await mkdir(join(workspace.tree, "nested"));
    expect(await refusal()).toMatch(/nested: is another git repository/);
  });

  it("is given up when it is aborted, without a process or a folder left", async () => {
    await start();
    await bench.asAgent(workspace, "head -c 20000000 /dev/urandom > noise");
    const controller = new AbortController();
    const taken = bench.snapshot(workspace, 1, controller.signal);
    await expect.poll(() => bench.sandbox.list().length).toBe(1);
    controller.abort(new Error("killed"));
    await expect(taken).rejects.toThrow("killed");
    expect(bench.sandbox.list()).toEqual([]);
    expect(await readdir(join(bench.dataDir, "scratch"))).toEqual([]);
  });
});
