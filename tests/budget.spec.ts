import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiError } from "@mosaic/client";
import { createGitFixture } from "@mosaic/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Mosaic, startMosaic } from "../drills/mosaic-process.ts";
import { runCli } from "./run-cli.ts";
import { scenario, startSystem, type System } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

/** What an answer of `max_tokens` would cost at the scripted model's prices: the least that is held for a request. */
const LEAST_USD = 0.01;
const ENV = { MOSAIC_MAX_OUTPUT_TOKENS: "1000" };

/** The problem a call is refused with. */
async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ApiError)) throw new Error(`it was not refused: ${String(error)}`);
  return { status: error.status, code: error.problem?.code, detail: error.problem?.detail };
}

describe("a task that uses up its budget", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem(scenario("repaired-at-once"), {
      ...ENV,
      MOSAIC_BUDGET_TASK_USD: "0.018",
      MOSAIC_BUDGET_REPOSITORY_USD: "0.019",
    });
  });
  afterAll(() => system.close());

  it("ends failed with reason budget after one refusal, and is not tried again", async () => {
    const repository = await system.remote();
    const id = await system.spawn({ taskId: "endless", repository, workItem: "[scenario: endless]" });
    const agent = await system.ended(id);
    expect(agent).toMatchObject({ status: "failed", reason: "budget" });
    expect(agent.retriedBy).toBeUndefined();
    expect(agent.error).toMatch(
      /^the budget of this task is \$0\.0180, of which \$0\.\d{4} is spent, and this request may cost up to \$0\.0\d{3} \(MOSAIC_BUDGET_TASK_USD/,
    );
    const events = await system.events(id);
    expect(events.filter((event) => event.type === "task.failed")).toMatchObject([
      { data: { reason: "budget" } },
    ]);
    // Each answer was metered, and the refusal is none.
    const used = events.filter((event) => event.type === "transcript.usage");
    expect(used.length).toBe(agent.usage.requests);
    expect(agent.usage.costUsd).toBeLessThanOrEqual(0.018);
  });

  it("may have less than the instance allows, and never more", async () => {
    const more = system.spawn({ taskId: "more", options: { budgetUsd: 1 } });
    expect(await refusal(more)).toMatchObject({
      status: 400,
      code: "invalid_request",
      detail: expect.stringContaining("MOSAIC_BUDGET_TASK_USD"),
    });
    const options = { budgetUsd: LEAST_USD * 1.2 };
    const id = await system.spawn({ taskId: "less", workItem: "[scenario: endless]", options });
    expect(await system.ended(id)).toMatchObject({ reason: "budget", usage: { requests: 0, costUsd: 0 } });
    const { items } = await system.client.call("getCosts", { query: { by: "task" } });
    expect(items.map(({ key, budget }) => [key, budget.limitUsd])).toEqual([["endless", 0.018]]);
  });

  it("is refused where not even one request fits, before anything is written", async () => {
    const spawned = system.spawn({ taskId: "too-small", options: { budgetUsd: LEAST_USD / 2 } });
    expect(await refusal(spawned)).toMatchObject({
      status: 402,
      code: "budget_exhausted",
      detail: expect.stringMatching(/options\.budgetUsd/),
    });
    expect(await system.client.call("listAgents", { query: { taskId: "too-small" } })).toMatchObject({
      items: [],
    });
  });

  it("is refused where the repository's budget is gone, and elsewhere it is not", async () => {
    const repository = await system.remote();
    // Nobody knows what its one answer used: all that was held counts.
    const id = await system.spawn({ taskId: "unknown", repository, workItem: "[scenario: no-usage]" });
    const { usage } = await system.ended(id);
    expect(usage.costUsd).toBeGreaterThan(LEAST_USD);
    expect(await refusal(system.spawn({ taskId: "next", repository }))).toMatchObject({
      status: 402,
      code: "budget_exhausted",
      detail: expect.stringMatching(/the repository budget is \$0\.019.*raise MOSAIC_BUDGET_REPOSITORY_USD/),
    });
    // A repetition of what was admitted is no new task.
    const same = { taskId: "unknown", repository, workItem: "[scenario: no-usage]" };
    expect(await system.spawn(same)).toBe(id);
    await system.spawn({ taskId: "next", repository: await system.remote() });
  });
});

describe("a day's budget", () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem(scenario("repaired-at-once"), {
      ...ENV,
      MOSAIC_BUDGET_DAY_USD: "0.025",
      MAX_CONCURRENT_AGENTS: "10",
      ORCHESTRATOR_QUEUE_CONCURRENCY: "10",
    });
  });
  afterAll(() => system.close());

  it("is not passed by ten agents at once, and is told where costs are asked", async () => {
    const tasks = Array.from({ length: 10 }, (_, index) => `ten-${index}`);
    const agents = await Promise.all(
      tasks.map(async (taskId) => {
        const id = await system.spawn({
          taskId,
          workItem: "[scenario: endless]",
          options: { maxRetries: 0 },
        });
        return system.ended(id);
      }),
    );
    for (const agent of agents) expect(agent).toMatchObject({ status: "failed", reason: "budget" });
    const spent = agents.reduce((sum, agent) => sum + agent.usage.costUsd, 0);
    const report = await system.client.call("getCosts", { query: { by: "agent" } });
    expect(report.today.spentUsd).toBeCloseTo(spent, 9);
    expect(report.today).toMatchObject({ limitUsd: 0.025, reservedUsd: 0 });
    expect(report.today.spentUsd).toBeLessThanOrEqual(0.025);
    expect(report.items.length).toBeLessThanOrEqual(10);
    expect(report.instance).toMatchObject({ limitUsd: null, remainingUsd: null });

    const metrics = await fetch(`${system.url}/metrics`, {
      headers: { authorization: `Bearer ${system.token}` },
    });
    expect(await metrics.text()).toMatch(/^mosaic_budget_remaining_ratio\{scope="day"\} 0\.[0-6]/m);
  }, 60_000);
});

it("a killed process forgets no reservation: it is spent when the next one starts", async () => {
  const home = await mkdtemp(join(tmpdir(), "mosaic-budget-"));
  const git = await createGitFixture("mosaic-budget-git-");
  const options = { home, upstream: "replay:hang", env: { ...ENV, MOSAIC_BUDGET_INSTANCE_USD: "1" } };
  const started: Mosaic[] = [];
  const start = async (): Promise<Mosaic> => {
    const mosaic = await startMosaic(options);
    started.push(mosaic);
    return mosaic;
  };
  try {
    const first = await start();
    const context = { repository: await git.remote(TINY_REPOSITORY), branch: "main", workItems: ["wait"] };
    const body = { taskId: "hangs", agentType: "worker", context, options: { maxRetries: 0 } } as const;
    await first.client.call("spawnAgent", { body });
    const instance = async () => (await first.client.call("getCosts")).instance;
    await expect.poll(async () => (await instance()).reservedUsd, { timeout: 20_000 }).toBeGreaterThan(0);
    const { reservedUsd: held } = await instance();
    await first.kill();

    const second = await start();
    const env = { MOSAIC_HOME: home, MOSAIC_URL: second.url };
    const { code, printed } = await runCli(["costs", "--by", "task", "--json"], env);
    expect(code).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      items: [{ key: "hangs", requests: 1, costUsd: held }],
      instance: { spentUsd: held, reservedUsd: 0, limitUsd: 1, remainingUsd: 1 - held },
    });
    const page = await runCli(["costs"], env);
    expect(page.printed).toMatch(/^instance +\$0\.0\d+ spent, \$0\.98\d\d of \$1\.00 left$/m);
  } finally {
    await Promise.all(started.map((mosaic) => mosaic.kill()));
    await git.dispose();
    await rm(home, { recursive: true, force: true, maxRetries: 3 });
  }
}, 60_000);
