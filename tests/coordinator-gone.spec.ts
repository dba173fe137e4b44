import { expect, it } from "vitest";
import { type FakeCoordinator, startFakeCoordinator, startLoneOrchestrator } from "./lone-orchestrator.ts";
import { scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

/** A coordinator that prepares nothing and answers checks with what it is told to. */
async function fakeCoordinator(answer: string): Promise<FakeCoordinator & { asked: () => number }> {
  let checks = 0;
  const server = await startFakeCoordinator((request, response) => {
    if (request.url === "/api/quality/check") checks += 1;
    response.writeHead(200, { "content-type": "application/json" }).end(answer);
  });
  return { ...server, asked: () => checks };
}

const APPROVAL = JSON.stringify({ approved: true, gate: "pre-commit" });

it.each([
  ["is gone", ""],
  ["answers garbage", "<html>"],
  ["approves without evidence", APPROVAL],
])(
  "a coordinator that %s never lets work through: it fails closed, and the snapshot is kept",
  async (_, answer) => {
    const coordinator = answer === "" ? null : await fakeCoordinator(answer);
    const lone = await startLoneOrchestrator({
      upstream: scenario("repaired-at-once"),
      // Port 9 is closed on every machine we know (discard).
      coordinatorUrl: coordinator?.url ?? "http://127.0.0.1:9",
    });
    const { client, git } = lone;
    try {
      const remote = await git.remote(TINY_REPOSITORY);
      const context = { repository: remote, branch: "main", workItems: ["Make the failing test pass"] };
      const spawned = await client.call("spawnAgent", {
        body: { taskId: "t", agentType: "worker", context },
      });
      const stop = new AbortController();
      for await (const item of client.streamEvents({ lastEventId: 0, signal: stop.signal })) {
        if (item.kind === "event" && item.event.type === "agent.cleanup") break;
      }
      stop.abort();
      const agent = await client.call("getAgent", { params: { agentId: spawned.agentId } });
      expect(agent).toMatchObject({ status: "failed", reason: "gates_unavailable" });
      expect(await git.git(remote, "for-each-ref", "--format=%(refname:short)")).toBe("main");
      const diff = await client.call("getAgentDiff", { params: { agentId: spawned.agentId } });
      expect(diff.patch).toContain("+  return a + b;");
      expect(coordinator?.asked() ?? 1).toBeGreaterThan(0);
    } finally {
      await lone.close();
      coordinator?.close();
    }
  },
);
