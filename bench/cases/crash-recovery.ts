import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createClient } from "@mosaic/client";
import { orchestratorRoutes } from "@mosaic/contracts";
import { createGitFixture } from "@mosaic/testing";
import { type BenchCase, timed } from "../measure.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";
import { end, startUpProcess } from "../up-process.ts";
import { scenario } from "../../tests/system.ts";
import { TINY_REPOSITORY } from "../../tests/tiny-repository.ts";

const ROUNDS = 5;

export const crashRecovery: BenchCase = {
  name: "crash",
  run: () =>
    inTemporaryFolder(async (folder) => {
      const git = await createGitFixture("mosaic-bench-git-");
      const remote = await git.remote(TINY_REPOSITORY);
      const samples: number[] = [];
      let up = await startUpProcess(folder, scenario("waits"));
      for (let round = 0; round < ROUNDS; round += 1) {
        const token = (await readFile(join(folder, "cli-token"), "utf8")).trim();
        const client = createClient({ baseUrl: up.orchestratorUrl, token, routes: orchestratorRoutes });
        const context = { repository: remote, branch: "main", workItems: ["x"] };
        await client.call("spawnAgent", { body: { taskId: `t-${round}`, agentType: "worker", context } });
        await end(up.child, "SIGKILL");
        samples.push(
          await timed(async () => {
            up = await startUpProcess(folder, scenario("waits"));
            await fetch(`${up.orchestratorUrl}/health`);
          }),
        );
      }
      await end(up.child, "SIGKILL");
      await git.dispose();
      return [
        {
          what: "crash: kill -9 to serving again, slowest of 5",
          value: Math.max(...samples),
          unit: "ms",
          floor: null,
          bar: { at: "most", of: "value", limit: 3000 },
        },
      ];
    }),
};
