import { text } from "node:stream/consumers";
import { type AgentView, QualityCheckRequest, type StoredEvent } from "@mosaic/contracts";
import { gatesInPhase, profileGates } from "@mosaic/domain";
import type { GitFixture } from "@mosaic/testing";
import { type FakeCoordinator, startFakeCoordinator, startLoneOrchestrator } from "./lone-orchestrator.ts";
import type { OrchestratorClient } from "./system.ts";
import { seenEvent } from "./seen-event.ts";

/** What a check comes to; null approves. Called while the orchestrator waits, so a test can change the world in it. */
export type Judge = (request: QualityCheckRequest) => Promise<string | null> | string | null;

/** The execution plane in this process with real git and sandboxes; the test itself is its coordinator. */
export interface GatedSystem {
  readonly client: OrchestratorClient;
  readonly git: GitFixture;
  readonly home: string;
  spawn(repository: string, options?: { maxAttempts?: number }): Promise<string>;
  ended(agentId: string): Promise<AgentView>;
  seen(agentId: string, type: StoredEvent["type"]): Promise<StoredEvent>;
  events(agentId: string): Promise<readonly StoredEvent[]>;
  close(): Promise<void>;
}

function coordinator(judge: Judge): Promise<FakeCoordinator> {
  return startFakeCoordinator((request, response) => {
    const answer = async (): Promise<unknown> => {
      const body: unknown = JSON.parse(await text(request));
      if (request.url !== "/api/quality/check")
        return { prepared: false, message: "", durationMs: 0, cached: false, mounts: [] };
      const check = QualityCheckRequest.parse(body);
      return verdict(check, await judge(check));
    };
    void answer().then(
      (value) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
}

function verdict({ commit, phase, profile, gates }: QualityCheckRequest, problem: string | null): unknown {
  const names = gatesInPhase(profileGates(profile, gates), phase);
  const outcome = problem === null ? "passed" : "failed";
  const about = { commit, command: "true", exitCode: 0, durationMs: 1, output: "" };
  const verdicts = names.map((gate) => ({ ...about, gate, outcome, message: problem ?? "" }));
  const startedAt = new Date().toISOString();
  const facts = { commit, phase, profile, yolo: false, startedAt, durationMs: 1, toolchain: {} };
  const gate = problem === null ? phase : (names[0] ?? phase);
  return { approved: problem === null, gate, message: problem ?? "", details: { ...facts, verdicts } };
}

let taskNumber = 0;

export async function startGatedSystem(
  upstream: string,
  judge: Judge,
  env: Readonly<Record<string, string>> = {},
): Promise<GatedSystem> {
  const gates = await coordinator(judge);
  const lone = await startLoneOrchestrator({ upstream, coordinatorUrl: gates.url, env });
  const { client, git, home } = lone;
  const until = (agentId: string, types: readonly string[]): Promise<StoredEvent> =>
    seenEvent(client, agentId, ({ type }) => types.includes(type));
  return {
    client,
    git,
    home,
    async spawn(repository, options = {}) {
      taskNumber += 1;
      const context = { repository, branch: "main", workItems: ["Change the file"] };
      const body = { taskId: `gated-${taskNumber}`, agentType: "worker", context, options } as const;
      return (await client.call("spawnAgent", { body })).agentId;
    },
    async ended(agentId) {
      await until(agentId, ["agent.completed", "agent.failed", "agent.killed"]);
      return client.call("getAgent", { params: { agentId } });
    },
    seen: (agentId, type) => until(agentId, [type]),
    async events(agentId) {
      const page = await client.call("listAgentEvents", { params: { agentId }, query: { limit: 1000 } });
      return page.items as readonly StoredEvent[];
    },
    async close() {
      await lone.close();
      gates.close();
    },
  };
}
