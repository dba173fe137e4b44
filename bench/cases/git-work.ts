import { randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createGit, createRemotes } from "@mosaic/git";
import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { createGitFixture, type FixtureFiles } from "@mosaic/testing";
import { createWorkspaces } from "../../apps/orchestrator/src/git/create-workspaces.ts";
import { type BenchCase, median, timed } from "../measure.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";

const FILES = 2000;
const ROUNDS = 5;

const repositoryFiles = (): FixtureFiles =>
  Object.fromEntries(
    Array.from({ length: FILES }, (_, index) => [
      `src/${index % 40}/file-${index}.ts`,
      `export const n = ${index};\n`.repeat(20),
    ]),
  );

export const gitWork: BenchCase = {
  name: "git",
  run: () =>
    inTemporaryFolder(async (folder) => {
      const fixture = await createGitFixture("mosaic-bench-git-");
      const remote = await fixture.remote(repositoryFiles());
      const workspaces = await createWorkspaces({
        dataDir: folder,
        git: createGit({ home: join(folder, "git-home") }),
        remotes: createRemotes({ allowPrivate: false }),
        sandbox: createBubblewrapSandbox({}),
        identity: { name: "Bench", email: "bench@localhost" },
        now: () => new Date(),
        newId: randomUUID,
      });
      const repository = { kind: "local", url: remote, host: "" } as const;
      const open = (taskId: string) =>
        workspaces.create({ repository, baseBranch: "main", agentId: randomUUID(), taskId });
      const first = await open("warm");
      const ours: number[] = [];
      const bare: number[] = [];
      const bareFolder = join(folder, "bare");
      await mkdir(bareFolder);
      for (let round = 0; round < ROUNDS; round += 1) {
        const path = join(bareFolder, `tree-${round}`);
        bare.push(
          await timed(() =>
            fixture.git(
              first.mirror,
              "-c",
              "checkout.workers=0",
              "worktree",
              "add",
              "-q",
              "-b",
              `bare-${round}`,
              path,
              first.baseCommit,
            ),
          ),
        );
        ours.push(await timed(() => open(`task-${round}`)));
      }
      const merges: number[] = [];
      const bareMerges: number[] = [];
      const head = await fixture.commit(remote, "main", { "src/0/file-0.ts": "export const moved = 1;\n" });
      for (let round = 0; round < ROUNDS; round += 1) {
        bareMerges.push(
          await timed(async () => {
            await fixture.git(first.mirror, "fetch", "-q", remote, "+refs/heads/main:refs/bench/main");
            await fixture.git(first.mirror, "merge-tree", "--write-tree", first.baseCommit, head);
          }),
        );
        merges.push(
          await timed(async () => {
            const moved = await workspaces.fetchHead(repository, first);
            await workspaces.mergesCleanly(first.mirror, moved, first.baseCommit);
          }),
        );
      }
      await workspaces.close();
      await fixture.dispose();
      return [
        {
          what: `git: workspace of ${FILES} files, warm mirror (floor: worktree add)`,
          value: median(ours),
          unit: "ms",
          floor: median(bare),
          bar: { at: "most", of: "ratio", limit: 1.5 },
        },
        {
          what: "git: conflict check with fetch (floor: fetch, merge-tree)",
          value: median(merges),
          unit: "ms",
          floor: median(bareMerges),
          bar: { at: "most", of: "ratio", limit: 2 },
        },
      ];
    }),
};
