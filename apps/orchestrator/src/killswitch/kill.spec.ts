import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore, type SqliteStore } from "@mosaic/store";
import { createLogger, createMetrics } from "@mosaic/telemetry";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Services } from "../services.ts";
import { createExecutionRegistry } from "../spawner/registry.ts";
import { createKill } from "./kill.ts";
import { killAll } from "./kill-all.ts";

// The store is real. What cannot be had on demand is a process that survives SIGKILL, so the session is a stand-in.

const AGENT = "11111111-1111-4111-8111-111111111111";
let folder: string;
let store: SqliteStore;
let services: Services;
let residue: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-kill-"));
  store = await openSqliteStore({ file: join(folder, "mosaic.db") });
  residue = [];
  services = {
    ...store,
    registry: createExecutionRegistry(),
    gateway: { list: () => [] },
    workspaces: { reopen: async () => null, residue: async () => residue },
    metrics: createMetrics({ name: "kill", version: "0" }),
    log: createLogger({ name: "kill", level: "silent", redact: (text) => text }),
    now: () => new Date(),
  } as unknown as Services;
  await admit(AGENT, "t-1");
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

async function admit(agentId: string, taskId: string): Promise<void> {
  const at = new Date().toISOString();
  await store.state.admit({
    task: {
      taskId,
      agentId,
      fingerprint: taskId,
      agentType: "worker",
      gateProfile: "minimal",
      gates: ["tests"],
      repository: "/srv/r",
      branch: "main",
      workItems: ["x"],
      skills: [],
      options: {},
      priority: 5,
      maxRetries: 0,
      createdAt: at,
    },
    agent: { agentId, taskId, attempt: 1, spawnedAt: at, model: "m", yolo: false, retryOf: null },
    maxPending: 10,
  });
}

/** An attempt that holds a session with these survivors, and stops when it is told to. */
function running(agentId: string, taskId: string, survivors: readonly number[]): void {
  const { execution, done } = services.registry.add(agentId, taskId);
  execution.session = {
    sandbox: "bubblewrap",
    kill: async () => ({ survivors, durationMs: 1 }),
  } as unknown as NonNullable<typeof execution.session>;
  execution.stop.signal.addEventListener("abort", done);
}

const order = { by: "admin", why: "test" };

describe("a kill that leaves something behind", () => {
  it("is never written as killed: the receipt names the process, the agent stays with its order", async () => {
    running(AGENT, "t-1", [4242]);
    const receipt = await createKill(services)(AGENT, order);
    expect(receipt).toMatchObject({ status: "spawning", residual: ["process 4242"] });
    const agent = await store.state.getAgent(AGENT);
    expect(agent).toMatchObject({ state: "spawning", killRequestedAt: expect.any(String) });
    const [entry] = await store.audit.list(0, 10);
    expect(entry).toMatchObject({ action: "agent.kill", actor: "admin", reason: "test" });
  });

  it("names files, too, and can be ordered again once they are gone", async () => {
    residue = ["/data/workspaces/agent-1"];
    const kill = createKill(services);
    expect((await kill(AGENT, order)).residual).toEqual(["/data/workspaces/agent-1"]);
    residue = [];
    expect(await kill(AGENT, order)).toMatchObject({ status: "killed", residual: [] });
    expect(await store.audit.verify()).toMatchObject({ ok: true, entries: 2 });
  });

  it("does not keep kill-all from the others, and is counted as failed", async () => {
    const other = "22222222-2222-4222-8222-222222222222";
    await admit(other, "t-2");
    running(AGENT, "t-1", [4242]);
    const answer = await killAll(services, createKill(services), order);
    expect(answer.total).toBe(2);
    expect(answer.receipts.map((receipt) => receipt.agentId)).toEqual([other]);
    expect(answer.errors).toEqual([{ agentId: AGENT, error: "left behind: process 4242" }]);
  });
});

it("a step that throws is in the receipt and counts as left behind", async () => {
  const { execution, done } = services.registry.add(AGENT, "t-1");
  execution.door = {
    socketPath: "/run/x",
    revoke: () => Promise.reject(new Error("the disk is gone")),
  };
  execution.stop.signal.addEventListener("abort", done);
  const receipt = await createKill(services)(AGENT, order);
  expect(receipt.residual.join()).toContain("the disk is gone");
  expect(receipt.steps.filter((step) => !step.ok).length).toBeGreaterThan(0);
});

it("an agent that ended by itself in the meantime keeps its own end", async () => {
  const kill = createKill(services);
  const at = new Date().toISOString();
  const about = { time: at, subject: AGENT, taskId: "t-1" };
  const { execution, done } = services.registry.add(AGENT, "t-1");
  execution.stop.signal.addEventListener("abort", () => {
    const end = async (): Promise<void> => {
      await store.state.transition({
        at,
        agent: { agentId: AGENT, to: "failed", patch: { completedAt: at, reason: "internal", error: "x" } },
        task: { taskId: "t-1", to: "failed" },
        events: [
          { ...about, type: "agent.failed", data: { reason: "internal", error: "x" } },
          { ...about, type: "task.failed", data: { reason: "internal", error: "x" } },
        ],
      });
      done();
    };
    void end();
  });
  await expect(kill(AGENT, order)).rejects.toMatchObject({ code: "illegal_transition" });
  expect(await store.state.getAgent(AGENT)).toMatchObject({ state: "failed", reason: "internal" });
});
