import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore, type Store } from "@mosaic/store";
import { createLogger, createMetrics } from "@mosaic/telemetry";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Services } from "../services.ts";
import { createExecutionRegistry, type Execution } from "../spawner/registry.ts";
import { createKill } from "./kill.ts";
import { killAll } from "./kill-all.ts";

// The store is real. What cannot be had on demand is a process that survives SIGKILL, so the session is a stand-in.

const DOOR = {
  socketPath: "/run/x",
  finalRefusal: () => null,
  beginPrompt: () => ({ requests: 0, end: () => undefined }),
};
const AGENT = "11111111-1111-4111-8111-111111111111";
let folder: string;
let store: Store;
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
    sandbox: { list: () => [] },
    instanceId: "instance",
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
      runtime: "sdk-worker",
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
const holdClaims = () => () => undefined;
const SHORT = { stepMs: 20, attemptMs: 20, moveMs: 20, saveMs: 20, remoteMs: 20 };
/** Where the attempt is what does not answer; the store may take its time on a busy machine. */
const IMPATIENT = { ...SHORT, stepMs: 4_000 };

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
    const answer = await killAll(services, createKill(services), { order, holdClaims });
    expect(answer.total).toBe(2);
    expect(answer.receipts.map((receipt) => receipt.agentId)).toEqual([other]);
    expect(answer.errors).toEqual([{ agentId: AGENT, error: "left behind: process 4242" }]);
  });
});

it("a step that throws is in the receipt and counts as left behind", async () => {
  const { execution, done } = services.registry.add(AGENT, "t-1");
  execution.door = {
    ...DOOR,
    revoke: () => Promise.reject(new Error("the disk is gone")),
  };
  execution.stop.signal.addEventListener("abort", done);
  const receipt = await createKill(services)(AGENT, order);
  expect(receipt.residual.join()).toContain("the disk is gone");
  expect(receipt.steps.filter((step) => !step.ok).length).toBeGreaterThan(0);
});

/** Writes that the agent failed by itself. */
async function endItself(): Promise<void> {
  const at = new Date().toISOString();
  const about = { time: at, subject: AGENT, taskId: "t-1" };
  await store.state.transition({
    at,
    agent: { agentId: AGENT, to: "failed", patch: { completedAt: at, reason: "internal", error: "x" } },
    task: { taskId: "t-1", to: "failed" },
    events: [
      { ...about, type: "agent.failed", data: { reason: "internal", error: "x" } },
      { ...about, type: "task.failed", data: { reason: "internal", error: "x" } },
    ],
  });
}

/** When it is stopped, the attempt turns out to have just ended by itself. */
function endingItself(): Execution {
  const { execution, done } = services.registry.add(AGENT, "t-1");
  const end = async (): Promise<void> => {
    await endItself();
    done();
  };
  execution.stop.signal.addEventListener("abort", () => void end());
  return execution;
}

const cleanUps = () =>
  store.state.eventsAfter({ after: 0, limit: 9, subject: AGENT, types: ["agent.cleanup"] });

describe("an agent that ends by itself while the order is on its way", () => {
  it("keeps its own end; the kill has cleaned up in its place, and tells so", async () => {
    endingItself();
    await expect(createKill(services)(AGENT, order)).rejects.toMatchObject({ code: "illegal_transition" });
    expect(await store.state.getAgent(AGENT)).toMatchObject({ state: "failed", reason: "internal" });
    expect(await cleanUps()).toHaveLength(1);
  });

  it("tells of its clean-up itself when that had begun", async () => {
    endingItself().cleaning = true;
    await expect(createKill(services)(AGENT, order)).rejects.toMatchObject({ code: "illegal_transition" });
    expect(await cleanUps()).toEqual([]);
  });

  it("is left to clean up by itself when that takes longer than a kill waits", async () => {
    const { execution, done } = services.registry.add(AGENT, "t-1");
    execution.cleaning = true;
    await endItself();
    const kill = createKill(services, IMPATIENT);
    await expect(kill(AGENT, order)).rejects.toMatchObject({ code: "illegal_transition" });
    done();
    await kill.idle();
    expect(await cleanUps()).toEqual([]);
    expect(await store.state.getAgent(AGENT)).toMatchObject({ state: "failed", details: null });
  });

  it("and stops only after the limits, is cleaned up after all the same", async () => {
    const { done } = services.registry.add(AGENT, "t-1");
    const kill = createKill(services, IMPATIENT);
    await endItself();
    expect((await kill(AGENT, order)).residual.join()).toContain("attempt still stopping");
    expect(await cleanUps()).toEqual([]);
    const cleaned = eventOf("agent.cleanup");
    done();
    await cleaned;
    await kill.idle();
    // What was owed is done: another order is refused.
    await expect(kill(AGENT, order)).rejects.toMatchObject({ code: "illegal_transition" });
    expect(await cleanUps()).toHaveLength(1);
  });
});

describe("a kill waits for nothing without limit", () => {
  it("an attempt that does not stop is in the receipt, and the kill is made whole once it has", async () => {
    const { execution, done } = services.registry.add(AGENT, "t-1");
    const kill = createKill(services, IMPATIENT);
    const receipt = await kill(AGENT, order);
    expect(receipt).toMatchObject({ status: "spawning", push: "not_begun" });
    expect(receipt.residual.join()).toContain("attempt still stopping");
    expect(await store.state.getAgent(AGENT)).toMatchObject({ details: { receipt: { status: "spawning" } } });
    expect(execution.stop.signal.aborted).toBe(true);
    const killed = eventOf("agent.killed");
    done();
    await killed;
    expect(await store.state.getAgent(AGENT)).toMatchObject({
      state: "killed",
      details: { receipt: { status: "killed", residual: [] } },
    });
    await kill.idle();
    expect((await store.audit.list(0, 10)).map(({ action }) => action)).toEqual(["agent.kill", "agent.kill"]);
  });

  it("a sandbox, a socket and a move that never answer are named", async () => {
    const { execution, done } = services.registry.add(AGENT, "t-1");
    const never = new Promise<never>(() => undefined);
    execution.door = { ...DOOR, revoke: () => never };
    execution.session = { kill: () => never } as unknown as NonNullable<typeof execution.session>;
    execution.workspace = {} as NonNullable<typeof execution.workspace>;
    Object.assign(services.workspaces, { setAside: () => never });
    execution.stop.signal.addEventListener("abort", done);
    const { residual, steps } = await createKill(services, SHORT)(AGENT, order);
    for (const name of ["socket revoked", "sandbox killed", "workspace still being moved"])
      expect(residual.join()).toContain(name);
    expect(steps.filter(({ ok }) => !ok).length).toBeGreaterThan(1);
  });

  it("a store that cannot write is no reason to leave the agent running", async () => {
    running(AGENT, "t-1", []);
    const broken = () => Promise.reject(new Error("disk full"));
    const patched = { ...services, state: { ...store.state, transition: broken } };
    const receipt = await createKill(patched)(AGENT, order);
    expect(receipt.residual).toEqual(["its state could not be written: disk full"]);
    expect(services.registry.get(AGENT)).toBeUndefined();
  });

  it("a store that says nothing stops no kill; once it answers, the kill is written", async () => {
    running(AGENT, "t-1", []);
    const silent = Promise.withResolvers<void>();
    const getAgent: typeof store.state.getAgent = async (agentId) => {
      await silent.promise;
      return await store.state.getAgent(agentId);
    };
    const killed = eventOf("agent.killed");
    const kill = createKill({ ...services, state: { ...store.state, getAgent } }, { ...SHORT, stepMs: 200 });
    await expect(kill(AGENT, order)).rejects.toThrow(/did not answer/);
    expect(services.registry.get(AGENT)).toBeUndefined();
    silent.resolve();
    await killed;
    await kill.idle();
    expect(await store.state.getAgent(AGENT)).toMatchObject({ state: "killed" });
  });

  it("a list of agents that cannot be read keeps kill-all from none that run here, and is told", async () => {
    running(AGENT, "t-1", []);
    const listTasks = () => Promise.reject(new Error("the disk is gone"));
    const broken = { ...services, state: { ...store.state, listTasks } };
    await expect(killAll(broken, createKill(services), { order, holdClaims })).rejects.toThrow(
      /1 agents that run here were stopped; .*the disk is gone/,
    );
    expect(await store.state.getAgent(AGENT)).toMatchObject({ state: "killed" });
  });
});

it("an agent that is claimed while the order is on its way is stopped too", async () => {
  const { queue } = services;
  const late: { stopped?: boolean } = {};
  const remove = async (taskId: string): Promise<boolean> => {
    const { execution, done } = services.registry.add(AGENT, "t-1");
    execution.stop.signal.addEventListener("abort", () => {
      late.stopped = true;
      done();
    });
    return await queue.remove(taskId);
  };
  const receipt = await createKill({ ...services, queue: { ...queue, remove } })(AGENT, order);
  expect([receipt.status, late.stopped]).toEqual(["killed", true]);
});

it("an order for an agent that fails in the same moment, and is retried, is an order for its retry", async () => {
  const retry = "33333333-3333-4333-8333-333333333333";
  const at = new Date().toISOString();
  const about = { time: at, subject: AGENT, taskId: "t-1" };
  const { execution, done } = services.registry.add(AGENT, "t-1");
  execution.stop.signal.addEventListener("abort", () => {
    const end = async (): Promise<void> => {
      await store.state.transition({
        at,
        agent: { agentId: AGENT, to: "failed", patch: { completedAt: at, reason: "model", error: "x" } },
        task: { taskId: "t-1", to: "pending" },
        successor: {
          agentId: retry,
          taskId: "t-1",
          attempt: 2,
          spawnedAt: at,
          model: "m",
          yolo: false,
          retryOf: AGENT,
        },
        events: [
          { ...about, type: "agent.failed", data: { reason: "model", error: "x" } },
          { ...about, type: "task.pending", data: {} },
        ],
      });
      done();
    };
    void store.state
      .transition({
        at,
        task: { taskId: "t-1", to: "assigned" },
        events: [{ ...about, type: "task.assigned", data: {} }],
      })
      .then(end);
  });
  expect(await createKill(services)(AGENT, order)).toMatchObject({ agentId: retry, status: "killed" });
  expect(await store.state.getTask("t-1")).toMatchObject({ state: "failed" });
});

it("two orders for one agent are one kill, and both are written down", async () => {
  running(AGENT, "t-1", []);
  const kill = createKill(services);
  const [one, two] = await Promise.all([kill(AGENT, order), kill(AGENT, { by: "ops", why: "me too" })]);
  expect(one).toBe(two);
  const entries = await store.audit.list(0, 10);
  expect(entries.map(({ actor, reason }) => `${actor}: ${reason}`).sort()).toEqual([
    "admin: test",
    "ops: me too",
  ]);
});

function eventOf(wanted: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const forget = store.state.subscribe((events) => {
    if (!events.some(({ type }) => type === wanted)) return;
    forget();
    resolve();
  });
  return promise;
}
