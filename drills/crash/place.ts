import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SpawnRequest } from "@mosaic/contracts";
import { createGitFixture, type GitFixture } from "@mosaic/testing";
import { closeStoreOf } from "../../tests/store-mode.ts";
import { TINY_REPOSITORY } from "../../tests/tiny-repository.ts";

/** A data folder and a repository of one try, and the way to remove both. */
export interface Place {
  readonly home: string;
  readonly git: GitFixture;
  readonly remote: string;
  dispose(): Promise<void>;
}

export async function makePlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "mosaic-drill-"));
  const home = join(folder, "home");
  await mkdir(home);
  const git = await createGitFixture("mosaic-drill-git-");
  return {
    home,
    git,
    remote: await git.remote(TINY_REPOSITORY),
    async dispose() {
      await closeStoreOf(home);
      await git.dispose();
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The tiny repository's task, held to one gate before the commit and one after it. */
export function taskOf(taskId: string, remote: string, maxRetries = 3): SpawnRequest {
  return {
    taskId,
    agentType: "worker",
    gateProfile: "custom",
    options: { gates: ["lint", "coverage"], maxRetries },
    context: { repository: remote, branch: "main", workItems: ["Make the failing test pass"] },
  };
}
