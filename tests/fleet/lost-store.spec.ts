import { startCutProxy } from "@mosaic/testing";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type Mosaic, scenarioFile } from "../../drills/mosaic-process.ts";
import { attemptsOf, type Fleet, pushedBranches, seen, startFleet } from "../fleet.ts";
import { newServers, type Servers } from "../store-mode.ts";

let servers: Servers;
let fleet: Fleet;
beforeEach(async () => {
  servers = await newServers({ alone: true });
  fleet = await startFleet(scenarioFile("repaired-when-told"), {}, servers);
});
afterEach(() => fleet.close());

const TIMEOUT = 120_000;

/** Lets an agent of an orchestrator go on. */
async function tellToGo(name: string, agentId: string): Promise<void> {
  const workspaces = join(fleet.home(name), "workspaces");
  const folder = (await readdir(workspaces)).find((entry) => entry.includes(agentId));
  await writeFile(join(workspaces, folder ?? "", "go"), "");
}

async function atWork(mosaic: Mosaic, taskId: string): Promise<string> {
  const agentId = await fleet.spawn(mosaic, taskId);
  await seen(mosaic, agentId, "transcript.tool_call");
  return agentId;
}

/** Asks until the orchestrator says that it is (not) ready; answers with what it says of its store. */
async function readyAs(mosaic: Mosaic, wanted: number): Promise<string> {
  for (;;) {
    const answer = await fetch(`${mosaic.url}/health/ready`);
    const { checks } = (await answer.json()) as { checks: { store: { detail: string } } };
    if (answer.status === wanted) return checks.store.detail;
  }
}

it(
  "Valkey is killed and comes back while an agent works: nothing is failed, lost or done twice",
  { timeout: TIMEOUT },
  async () => {
    const mosaic = await fleet.start("one");
    const agentId = await atWork(mosaic, "t");
    await servers.valkey.process.kill();
    expect(await readyAs(mosaic, 503)).toContain("Valkey");
    await tellToGo("one", agentId);
    await servers.valkey.restart();
    await readyAs(mosaic, 200);
    const attempts = await attemptsOf(mosaic, agentId);
    expect(attempts.map(({ status }) => status)).toEqual(["completed"]);
    expect(await pushedBranches(fleet)).toHaveLength(1);
    expect(await mosaic.client.call("queueStats")).toMatchObject({ completed: 1, failed: 0, active: 0 });
  },
);

it(
  "PostgreSQL is killed and comes back while an agent works: its spending waits, and the task is done once",
  { timeout: TIMEOUT },
  async () => {
    const mosaic = await fleet.start("one");
    const agentId = await atWork(mosaic, "t");
    await servers.postgres?.process.kill();
    expect(await readyAs(mosaic, 503)).toContain("PostgreSQL");
    await tellToGo("one", agentId);
    await servers.postgres?.restart();
    await readyAs(mosaic, 200);
    const attempts = await attemptsOf(mosaic, agentId);
    expect(attempts.map(({ status, error }) => [status, error])).toEqual([["completed", undefined]]);
    expect(await mosaic.client.call("verifyAudit")).toMatchObject({ ok: true });
  },
);

it(
  "a Valkey that was emptied is not taken for one without tasks: nothing is claimed, spawned or served from it",
  { timeout: TIMEOUT },
  async () => {
    const mosaic = await fleet.start("one");
    await atWork(mosaic, "t");
    await servers.valkey.run("flushall");
    expect(await readyAs(mosaic, 503)).toContain("emptied");
    await expect(fleet.spawn(mosaic, "t2")).rejects.toMatchObject({ problem: { code: "store_unavailable" } });
    await mosaic.kill();
    await expect(fleet.start("one", { MOSAIC_STORE_WAIT_SECONDS: "0" })).rejects.toThrow(/emptied/);
  },
);

it(
  "an orchestrator that is cut off from Valkey for longer than its lease loses its task, and pushes nothing when it is back",
  { timeout: TIMEOUT },
  async () => {
    const proxy = await startCutProxy({ port: servers.valkey.port });
    try {
      const cut = await fleet.start("cut", {
        VALKEY_URL: `redis://127.0.0.1:${proxy.port}`,
        MOSAIC_STORE_PATIENCE_SECONDS: "60",
      });
      const agentId = await atWork(cut, "t");
      const other = await fleet.start("other", { MOSAIC_MODEL_UPSTREAM: scenarioFile("repaired-at-once") });
      proxy.cut();
      // It goes on with what it has, and comes as far as it can without its store.
      await tellToGo("cut", agentId);
      const attempts = await attemptsOf(other, agentId);
      expect(attempts.map(({ status }) => status)).toEqual(["failed", "completed"]);
      proxy.mend();
      await seen(other, agentId, "agent.cleanup");
      expect(await pushedBranches(fleet)).toHaveLength(1);
      expect(await other.client.call("queueStats")).toMatchObject({ completed: 1, failed: 0, active: 0 });
      const events = await other.client.call("listAgentEvents", {
        params: { agentId },
        query: { limit: 1000 },
      });
      expect(events.items.map(({ type }) => type)).not.toContain("push.started");
    } finally {
      await proxy.close();
    }
  },
);

it(
  "an orchestrator waits for servers that are not there yet, and says so",
  { timeout: TIMEOUT },
  async () => {
    await servers.valkey.process.kill();
    const starting = fleet.start("one");
    await servers.valkey.restart();
    const mosaic = await starting;
    await mosaic.stop();
    await servers.valkey.process.kill();
    await expect(fleet.start("one", { MOSAIC_STORE_WAIT_SECONDS: "1" })).rejects.toThrow(
      /Valkey at 127\.0\.0\.1/,
    );
  },
);
