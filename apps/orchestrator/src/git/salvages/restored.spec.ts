import { execFile } from "node:child_process";
import { mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTick } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { seededRandom, writeFixtureFiles } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { restoreInto } from "../../../../cli/src/restore/restore-into.ts";
import { type Bench, createBench } from "../../../tests/git/bench.ts";
import { interruption } from "../../../tests/git/interrupted.ts";
import { contentsOf, differences, scribble } from "../../../tests/git/random-tree.ts";
import type { Workspace, Workspaces } from "../port.ts";

const DIE = fileURLToPath(new URL("../../../tests/git/remove-and-die.ts", import.meta.url));
const FILES = { "README.md": "hello\n", "src/a.txt": "one\r\ntwo\r\n", "src/b": { link: "a.txt" } } as const;
const signal = new AbortController().signal;

let bench: Bench;
let moment: (what: string) => void;
let number = 0;
beforeEach(async () => {
  moment = () => undefined;
  const stand = interruption((what) => moment(what));
  const sandbox = stand.sandbox(createBubblewrapSandbox());
  bench = await createBench({ files: FILES, sandbox, wrapGit: stand.git });
});
afterEach(() => bench.dispose());

/** A workspace that an agent changed at random, half of the time with a snapshot in between. */
async function worked(seed: number): Promise<{ workspace: Workspace; before: ReadonlyMap<string, string> }> {
  const next = seededRandom(seed);
  const workspace = await bench.open(`T-${(number += 1)}`);
  await scribble(workspace.tree, next);
  if (next(2) === 0) {
    // Some attributes make a tree that cannot be snapshot; it has to be salvaged all the same.
    await bench.snapshot(workspace).catch(() => undefined);
    await scribble(workspace.tree, next, 4);
  }
  return { workspace, before: await contentsOf(workspace.tree) };
}

/** What `mosaic restore` would make of the best there is, and from what. */
async function restored(workspace: Workspace, from: Workspaces = bench.workspaces) {
  const [best] = await from.salvages.list(workspace.agentId, workspace.mirror);
  const target = join(bench.fixture.folder, `restored-${(number += 1)}`);
  if (best === undefined) {
    await mkdir(target);
    const options = { GIT_INDEX_FILE: join(bench.fixture.folder, `index-${number}`) };
    await git(
      [
        "--git-dir",
        workspace.mirror,
        "--work-tree",
        target,
        "read-tree",
        "-u",
        "--reset",
        workspace.baseCommit,
      ],
      options,
    );
  } else {
    const archive = from.salvages.archive(workspace.mirror, best, signal);
    await restoreInto(target, archive, { tree: best.tree, suffix: "x", signal });
  }
  const after = await contentsOf(target);
  await rm(target, { recursive: true });
  return { after, kind: best?.kind };
}

function git(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("git", [...args], { env: { PATH: "/usr/bin:/bin", ...env } }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

async function same(
  workspace: Workspace,
  before: ReadonlyMap<string, string>,
  from?: Workspaces,
): Promise<string> {
  const { after, kind } = await restored(workspace, from);
  expect(differences(before, after)).toEqual([]);
  return kind ?? "base";
}

describe("a restore", () => {
  it("is byte for byte what the workspace held, for any tree", { timeout: 120_000 }, async () => {
    for (let seed = 1; seed <= 6; seed += 1) {
      const { workspace, before } = await worked(seed);
      const steps = await bench.workspaces.remove(workspace);
      const salvage = steps.find(({ name }) => name === "salvage");
      expect(salvage?.detail, `seed ${seed}`).not.toContain("kept at");
      await same(workspace, before);
    }
  });

  it("has the bytes that lay there, not those a snapshot converted", async () => {
    const workspace = await bench.open();
    await writeFixtureFiles(workspace.tree, { ".gitattributes": "* text eol=lf\n", dos: "a\r\nb\r\n" });
    // So long after that git trusts what the snapshot's index says of the file.
    await untilNextSecond(workspace.tree);
    await bench.snapshot(workspace);
    const before = await contentsOf(workspace.tree);
    await bench.workspaces.remove(workspace);
    expect(await same(workspace, before)).toBe("salvage");
  });
});

describe("a removal that is cut off", () => {
  it(
    "by an error at any moment loses nothing: the files are a commit, are kept, or still there",
    { timeout: 120_000 },
    async () => {
      const kinds = new Set<string>();
      // Every third moment; the drill takes all of them.
      for (let last = 1; ; last += 3) {
        const { workspace, before } = await worked(100 + last);
        let moments = 0;
        moment = (what) => {
          moments += 1;
          if (moments === last) throw new Error(`cut off ${what}`);
        };
        await bench.workspaces.remove(workspace);
        moment = () => undefined;
        const steps = await bench.workspaces.remove(workspace);
        expect(steps.filter(({ ok }) => !ok)).toEqual([]);
        expect(await bench.workspaces.residue(workspace.agentId, workspace.taskId)).toEqual([]);
        kinds.add(await same(workspace, before));
        if (moments < last) break;
      }
      expect([...kinds].sort()).toEqual(expect.arrayContaining(["kept", "salvage"]));
    },
  );

  it(
    "by SIGKILL loses nothing either, once the next process has cleaned up",
    { timeout: 120_000 },
    async () => {
      const next = seededRandom(7);
      for (let count = 0; count < 3; count += 1) {
        const { workspace, before } = await worked(200 + count);
        const died = await die(workspace, 1 + next(28));
        const later = await bench.reopened();
        expect((await later.sweep()).filter(({ ok }) => !ok)).toEqual([]);
        for (const leftover of await later.leftovers()) await later.remove(leftover);
        await later.close();
        expect(await later.residue(workspace.agentId, workspace.taskId), died).toEqual([]);
        await same(workspace, before, later);
      }
    },
  );
});

/** Waits until the file system's clock shows another second. */
async function untilNextSecond(folder: string): Promise<void> {
  const now = async (): Promise<number> => {
    await writeFile(join(bench.fixture.folder, "clock"), "");
    return Math.floor((await stat(join(bench.fixture.folder, "clock"))).ctimeMs / 1000);
  };
  const changed = Math.floor((await stat(folder)).ctimeMs / 1000);
  while ((await now()) <= changed) await nextTick();
}

function die(workspace: Workspace, last: number): Promise<string> {
  return new Promise((resolve) => {
    const args = [DIE, bench.dataDir, workspace.agentId, workspace.taskId, String(last)];
    execFile(process.execPath, args, (_, stdout, stderr) => resolve(`${stdout}${stderr}`));
  });
}
