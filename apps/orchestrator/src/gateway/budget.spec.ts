import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_PRICES } from "@mosaic/domain";
import { openSqliteStore, type Store } from "@mosaic/store";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ModelGatewayOptions } from "./create-model-gateway.ts";
import { estimate } from "./estimate.ts";
import {
  ask,
  begin,
  errorOf,
  message,
  MODEL,
  sendMessage,
  startGateway,
  startUpstream,
  type Answer,
  type Answering,
  type FakeUpstream,
  type TestGateway,
} from "./spec-support.ts";

let folder: string;
let store: Store;
let upstream: FakeUpstream | undefined;
let gateway: TestGateway;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "gw-budget-"));
  store = await openSqliteStore({ file: join(folder, "mosaic.db") });
});
afterEach(async () => {
  await gateway.close();
  await upstream?.close();
  upstream = undefined;
  await store.close();
  await rm(folder, { recursive: true });
});

async function start(answer: Answering, given: Partial<ModelGatewayOptions> = {}): Promise<void> {
  upstream = await startUpstream(answer);
  gateway = await startGateway({ baseUrl: upstream.url, ledger: store.usage, ...given });
}

/** What the gateway holds for a request of these specs. */
const HELD = estimate({ model: MODEL, body: JSON.stringify(message()), maxTokens: 1000 }, DEFAULT_PRICES);
/** Answers 10 in, 5 out. */
const COST = (10 * 2 + 5 * 10) / 1_000_000;

async function balance(scope: "agent" | "instance" | "day", subject: string) {
  return (await store.usage.balances([{ scope, subject }]))[0];
}

describe("a budget", () => {
  test("that is used up is 402 in the API's words, for good, and nothing is sent", async () => {
    await start(sendMessage, { limits: { agent: HELD.costUsd + COST } });
    const door = await gateway.open();
    expect((await ask(door)).status).toBe(200);
    expect((await ask(door)).status).toBe(200);
    expect(door.finalRefusal()).toBeNull();
    const refused = await ask(door);
    expect(refused.status).toBe(402);
    expect(refused.headers["x-should-retry"]).toBe("false");
    const { type, message: said } = errorOf(refused);
    expect(type).toBe("billing_error");
    expect(said).toMatch(
      /^the budget of this agent is \$0\.\d{4}, of which \$0\.0001 is spent, and this request may cost up to \$0\.0101 \(MOSAIC_BUDGET_AGENT_USD\)$/,
    );
    expect(door.finalRefusal()).toEqual({ kind: "budget", message: said });
    expect(upstream?.seen).toHaveLength(2);
    expect(await balance("agent", "agent-1")).toEqual({ spentUsd: 2 * COST, reservedUsd: 0 });
    // Another agent has a budget of its own.
    expect((await ask(await gateway.open("agent-2"))).status).toBe(200);
  });

  test("of the task holds over its agents, and the request's own is as good as the instance's", async () => {
    await start(sendMessage, { limits: { task: 1 } });
    const open = (agentId: string) =>
      gateway.gateway.open({
        agentId,
        taskId: "t",
        repository: "r",
        model: MODEL,
        taskBudgetUsd: HELD.costUsd,
        maxTurns: null,
        onUsage: () => undefined,
      });
    expect((await ask(await open("one"))).status).toBe(200);
    const refused = await ask(await open("two"));
    expect(refused.status).toBe(402);
    expect(errorOf(refused).message).toContain("options.budgetUsd");
  });

  test("that others hold is waited for, and there is room once they turned out cheap", async () => {
    const first = Promise.withResolvers<() => void>();
    await start(
      (response, request) => {
        const answer = (): void => sendMessage(response, request);
        if (upstream?.seen.length === 1) first.resolve(answer);
        else answer();
      },
      { limits: { day: HELD.costUsd + COST } },
    );
    const slow = ask(await gateway.open("slow"));
    const finish = await first.promise;
    const waiting = ask(await gateway.open("waiting"));
    expect(upstream?.seen).toHaveLength(1);
    finish();
    expect((await slow).status).toBe(200);
    expect((await waiting).status).toBe(200);
  });

  test("that others hold for too long is 429, to be tried again", async () => {
    const began = Promise.withResolvers<void>();
    await start(() => began.resolve(), { limits: { day: HELD.costUsd }, waitMs: 100 });
    const hanging = begin(await gateway.open("hanging"), { body: message() }).catch(() => undefined);
    await began.promise;
    const refused = await ask(await gateway.open("waiting"));
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toBe("5");
    expect(errorOf(refused).message).toMatch(/requests under way hold the budget of this day/);
    await gateway.gateway.close();
    await hanging;
  });

  test("gives a waiting request up at once when its door is revoked", async () => {
    const began = Promise.withResolvers<void>();
    await start(() => began.resolve(), { limits: { day: HELD.costUsd } });
    const hanging = begin(await gateway.open("hanging"), { body: message() }).catch(() => undefined);
    await began.promise;
    const door = await gateway.open("waiting");
    const waiting = begin(door, { body: message() }).catch((error: Error) => error.message);
    expect(await door.revoke()).toMatchObject({ gone: true });
    expect(await waiting).toMatch(/hang up|ECONNRESET|ENOENT|closed/);
    expect(await balance("agent", "waiting")).toEqual({ spentUsd: 0, reservedUsd: 0 });
    await gateway.gateway.close();
    await hanging;
  });

  test("gets back what was held for a request that could not be sent", async () => {
    await start(sendMessage, { limits: { instance: 1 } });
    await upstream?.close();
    expect((await ask(await gateway.open())).status).toBe(502);
    expect(await balance("instance", "")).toEqual({ spentUsd: 0, reservedUsd: 0 });
    upstream = undefined;
  });

  test("counts all that was held when nobody says what was used", async () => {
    await start((response) => void response.destroy(), { limits: { instance: 1 } });
    expect((await ask(await gateway.open())).status).toBe(502);
    expect(await balance("instance", "")).toEqual({ spentUsd: HELD.costUsd, reservedUsd: 0 });
  });

  test("refuses everything while the ledger cannot hold anything", async () => {
    await start(sendMessage, {
      ledger: { ...store.usage, reserve: () => Promise.reject(new Error("the disk is full")) },
    });
    const refused = await ask(await gateway.open());
    expect(refused.status).toBe(503);
    expect(upstream?.seen).toEqual([]);
  });
});

test("fifty agents at once do not pass a limit by a cent, and use it to the last request", async () => {
  const limit = 10 * HELD.costUsd;
  gateway = await startGateway({
    replayScenario: "nothing-changed",
    ledger: store.usage,
    limits: { day: limit, repository: limit },
  });
  let over = 0;
  const doors = await Promise.all(Array.from({ length: 50 }, (_, index) => gateway.open(`agent-${index}`)));
  const untilRefused = async (door: (typeof doors)[number]): Promise<Answer> => {
    for (;;) {
      // A large prompt, so that few requests are needed.
      const body = message({ messages: [{ role: "user", content: "word ".repeat(800) }], stream: true });
      const answer = await ask(door, { body });
      const now = await balance("day", "2026-11-20");
      if ((now?.spentUsd ?? Number.NaN) + (now?.reservedUsd ?? Number.NaN) > limit + 1e-9) over += 1;
      if (answer.status !== 200) return answer;
    }
  };
  const answers = await Promise.all(doors.map(untilRefused));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 402));
  expect(over).toBe(0);
  const spent = await balance("day", "2026-11-20");
  expect(spent?.reservedUsd).toBe(0);
  expect(spent?.spentUsd).toBeLessThanOrEqual(limit);
  // What is left is less than one request may cost.
  expect(spent?.spentUsd).toBeGreaterThan(limit - 2 * HELD.costUsd);
});

test("what a process that died had held is spent once the next one starts", async () => {
  const began = Promise.withResolvers<void>();
  await start(() => began.resolve(), { limits: { instance: HELD.costUsd * 1.5 } });
  const hanging = begin(await gateway.open(), { body: message() }).catch(() => undefined);
  await began.promise;
  // The store of a process that is gone: what it had written is all that is left.
  const after = await openSqliteStore({ file: join(folder, "mosaic.db") });
  expect(await after.usage.balances([{ scope: "instance", subject: "" }])).toEqual([
    { spentUsd: 0, reservedUsd: HELD.costUsd },
  ]);
  const next = await startGateway({
    baseUrl: upstream?.url ?? "",
    ledger: after.usage,
    limits: { instance: HELD.costUsd * 1.5 },
  });
  expect(await after.usage.balances([{ scope: "instance", subject: "" }])).toEqual([
    { spentUsd: HELD.costUsd, reservedUsd: 0 },
  ]);
  expect((await ask(await next.open())).status).toBe(402);
  await next.close();
  await after.close();
  await gateway.gateway.close();
  await hanging;
});
