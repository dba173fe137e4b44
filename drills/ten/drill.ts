import type { StoredEvent } from "@mosaic/contracts";
import { ONE_NOTE_REPOSITORY } from "../../tests/one-note-repository.ts";
import { checkLeftovers, checkTasks, noFindings } from "../crash/invariants.ts";
import { makePlace } from "../crash/place.ts";
import { settle } from "../crash/settle.ts";
import type { Drill, ScenarioResult } from "../drill.ts";
import { type OrchestratorClient, scenarioFile, startMosaic } from "../mosaic-process.ts";

const AT_ONCE = 10;
const QUEUED = 50;
const LIMIT_MS = 240_000;

/** Ten agents at work, and fifty waiting behind them (ORCH-127). */
export const drill: Drill = {
  name: "ten",
  modes: ["embedded", "distributed"],
  async run(report) {
    const started = performance.now();
    const result = await sixtyTasks();
    report.scenario("10 at once, 50 queued; all done", {
      ...result,
      slowestMs: performance.now() - started,
    });
  },
};

async function sixtyTasks(): Promise<ScenarioResult> {
  const place = await makePlace();
  const found = noFindings();
  const remotes = [await place.git.remote(ONE_NOTE_REPOSITORY), await place.git.remote(ONE_NOTE_REPOSITORY)];
  const mosaic = await startMosaic({
    home: place.home,
    upstream: scenarioFile("own-words"),
    env: {
      MAX_CONCURRENT_AGENTS: String(AT_ONCE),
      ORCHESTRATOR_QUEUE_CONCURRENCY: String(AT_ONCE),
      MOSAIC_GATE_CONCURRENCY: "4",
    },
  });
  try {
    const wanted = Array.from({ length: AT_ONCE + QUEUED }, (_, at) => ({
      taskId: `t${at}`,
      remote: remotes[at % remotes.length] ?? "",
      // No attempt may be spent on a lock that somebody else held.
      maxRetries: 0,
    }));
    const agents = await Promise.all(wanted.map((task) => spawn(mosaic.client, task)));
    if (!(await settle(mosaic.client, place.home, LIMIT_MS))) found.losses.push("work was left");
    await checkTasks(mosaic.client, place.git, { wanted, found });
    const most = await mostAtOnce(mosaic.client, agents);
    if (most > AT_ONCE) found.violations.push(`${most} agents were at work at once`);
    if (most < AT_ONCE) found.losses.push(`only ${most} agents were ever at work at once`);
    await mosaic.stop();
    await checkLeftovers(place.home, { git: place.git, agents: new Set(agents), found });
  } finally {
    await mosaic.kill();
    await place.dispose();
  }
  return {
    tries: AT_ONCE + QUEUED,
    survivors: found.survivors.length,
    losses: found.losses.length,
    violations: found.violations.length,
    slowestMs: 0,
    details: [...found.survivors, ...found.losses, ...found.violations],
  };
}

async function spawn(
  client: OrchestratorClient,
  { taskId, remote, maxRetries }: { taskId: string; remote: string; maxRetries: number },
): Promise<string> {
  const { agentId } = await client.call("spawnAgent", {
    body: {
      taskId,
      agentType: "worker",
      gateProfile: "custom",
      options: { gates: ["lint"], maxRetries },
      context: { repository: remote, branch: "main", workItems: [`Write the note of ${taskId}`] },
    },
  });
  return agentId;
}

/** From the order of events: a claim adds one, an end takes one away. */
async function mostAtOnce(client: OrchestratorClient, agents: readonly string[]): Promise<number> {
  const events: StoredEvent[] = [];
  for (const agentId of agents) {
    const page = await client.call("listAgentEvents", { params: { agentId }, query: { limit: 1000 } });
    events.push(...(page.items as readonly StoredEvent[]));
  }
  events.sort((a, b) => a.id - b.id);
  let now = 0;
  let most = 0;
  for (const { type } of events) {
    if (type === "task.assigned") now += 1;
    if (type === "agent.completed" || type === "agent.failed") now -= 1;
    most = Math.max(most, now);
  }
  return most;
}
