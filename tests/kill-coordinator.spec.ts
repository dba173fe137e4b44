import { coordinatorRoutes } from "@mosaic/contracts";
import { expect, it } from "vitest";
import { startFakeCoordinator, startLoneOrchestrator } from "./lone-orchestrator.ts";
import { scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

/** A coordinator that never answers one of its routes, and tells when it was asked and when the asker hung up. */
async function silentCoordinator(silent: string) {
  const asked = Promise.withResolvers<void>();
  const hungUp = Promise.withResolvers<void>();
  const server = await startFakeCoordinator((request, response) => {
    if (request.url !== silent) {
      const answer = { prepared: false, message: "nothing to prepare", durationMs: 0, mounts: [] };
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
      return;
    }
    response.once("close", hungUp.resolve);
    asked.resolve();
  });
  return { ...server, asked: asked.promise, hungUp: hungUp.promise };
}

it.each([
  ["preparing dependencies", coordinatorRoutes.prepareDependencies.path, "spawning"],
  ["gating", coordinatorRoutes.checkQuality.path, "running"],
])(
  "a kill while a coordinator elsewhere is %s hangs up on it, and does not wait for it",
  async (_, path, before) => {
    const coordinator = await silentCoordinator(path);
    const upstream = scenario("repaired-at-once");
    const lone = await startLoneOrchestrator({ upstream, coordinatorUrl: coordinator.url });
    const { client, git } = lone;
    try {
      const repository = await git.remote(TINY_REPOSITORY);
      const context = { repository, branch: "main", workItems: ["Mend it"] };
      const body = { taskId: "t", agentType: "worker", context } as const;
      const { agentId } = await client.call("spawnAgent", { body });
      await coordinator.asked;
      const receipt = await client.call("killAgent", { params: { agentId } });
      expect(receipt).toMatchObject({ status: "killed", previousStatus: before, residual: [] });
      await coordinator.hungUp;
    } finally {
      await lone.close();
      coordinator.close();
    }
  },
);
