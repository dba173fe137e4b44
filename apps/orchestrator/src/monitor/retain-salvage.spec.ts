import { join } from "node:path";
import { openSqliteStore, type Store } from "@mosaic/store";
import { createLogger } from "@mosaic/telemetry";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Bench, createBench } from "../../tests/git/bench.ts";
import type { Services } from "../services.ts";
import { retainSalvage } from "./retain-salvage.ts";
import { salvageHealth } from "./salvage-health.ts";

const signal = new AbortController().signal;
const DAY_MS = 86_400_000;
/** What the bench's commits are dated. */
const MADE = Date.parse("2026-03-04T05:06:07Z");

let bench: Bench;
let store: Store;
let limits: { salvageMaxAgeDays: number; salvageMaxBytes: number };
let nowMs: number;
beforeEach(async () => {
  bench = await createBench();
  store = await openSqliteStore({ file: join(bench.dataDir, "mosaic.db") });
  limits = { salvageMaxAgeDays: 30, salvageMaxBytes: 1e9 };
  nowMs = MADE + DAY_MS;
});
afterEach(async () => {
  await store.close();
  await bench.dispose();
});

function services(): Services {
  return {
    ...store,
    workspaces: bench.workspaces,
    settings: limits,
    now: () => new Date(nowMs),
    log: createLogger({ name: "retention", level: "silent", redact: (text) => text }),
  } as unknown as Services;
}

/** An agent with 100 kB of work that nothing else has, in a state. */
async function agent(
  taskId: string,
  end: "failed" | "completed" | null,
  options: { bytes?: number } = {},
): Promise<string> {
  const workspace = await bench.open(taskId);
  const { agentId } = workspace;
  const at = new Date(MADE).toISOString();
  await store.state.admit({
    task: {
      taskId,
      agentId,
      fingerprint: taskId,
      agentType: "worker",
      gateProfile: "minimal",
      gates: ["tests"],
      repository: bench.remote,
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
    maxPending: 100,
  });
  const about = { time: at, subject: agentId, taskId };
  const move = (to: "running" | "failed" | "completed", task: "executing" | "failed" | "completed") => {
    const data = {
      branch: "b",
      commit: "1".repeat(40),
      reason: "internal",
      error: "x",
      sandbox: "s",
      model: "m",
    };
    return store.state.transition({
      at,
      agent: { agentId, to },
      task: { taskId, to: task },
      events: [
        { ...about, type: `agent.${to}`, data },
        { ...about, type: `task.${task}`, data },
      ] as never,
    });
  };
  await store.state.transition({
    at,
    task: { taskId, to: "assigned" },
    events: [{ ...about, type: "task.assigned", data: {} }],
  });
  await move("running", "executing");
  await bench.asAgent(workspace, `head -c ${options.bytes ?? 100_000} /dev/urandom > work`);
  await bench.workspaces.remove(workspace);
  if (end !== null) await move(end, end);
  return agentId;
}

const left = async () => (await bench.workspaces.salvages.sets()).map(({ agentId }) => agentId ?? "").sort();

describe("retention of what was saved", () => {
  it("lets go of what is older than the limit, with an audit entry for each, and never of a living agent", async () => {
    const old = await agent("t-1", "failed");
    const living = await agent("t-2", null);
    expect(await retainSalvage(services(), signal)).toBe(0);
    nowMs = MADE + 31 * DAY_MS;
    expect(await retainSalvage(services(), signal)).toBe(1);
    expect(await left()).toEqual([living]);
    const [entry] = await store.audit.list(0, 10);
    expect(entry).toMatchObject({
      actor: "retention",
      action: "salvage.removed",
      subject: old,
      reason: "age",
    });
    expect(await store.audit.verify()).toMatchObject({ ok: true, entries: 1 });
  });

  it("keeps within the size limit: completed work goes first, the only copy of failed work last", async () => {
    const failed = await agent("t-1", "failed");
    const done = await agent("t-2", "completed");
    const living = await agent("t-3", null);
    limits.salvageMaxBytes = 250_000;
    expect(await retainSalvage(services(), signal)).toBe(1);
    expect(await left()).toEqual([failed, living].sort());
    expect((await store.audit.list(0, 10))[0]).toMatchObject({ subject: done, reason: "size" });
    limits.salvageMaxBytes = 1;
    expect(await retainSalvage(services(), signal)).toBe(1);
    // What is left is over the limit, and stays: its agent lives.
    expect(await left()).toEqual([living]);
  });

  it("is told by readiness, which warns when it is nearly full", async () => {
    await agent("t-1", "failed");
    expect(await salvageHealth(services())).toEqual({
      ok: true,
      detail: expect.stringMatching(/^1 agent's work can be restored, 100\.\d kB of 1\.0 GB, kept 30 days$/),
    });
    limits.salvageMaxBytes = 100_000;
    expect(await salvageHealth(services())).toMatchObject({ ok: true, warning: true });
  });
});
