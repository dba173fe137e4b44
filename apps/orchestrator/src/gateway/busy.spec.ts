import type { ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { ask, begin, errorOf, message, sendEvent, sendMessage, useGateway } from "./spec-support.ts";

const on = useGateway();

function busy(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(`{"type":"error","error":{"type":"overloaded_error","message":"busy"}}`);
}

describe("an API that is busy", () => {
  test.each([429, 529])(
    "with %s is asked again after the pause it asked for, and no agent notices",
    async (status) => {
      await on.start((response, request) => {
        if (on.upstream.seen.length === 1) busy(response, status, { "retry-after-ms": "20" });
        else sendMessage(response, request);
      });
      const doors = await Promise.all(["one", "two"].map((agentId) => on.gateway.open(agentId)));
      const answers = await Promise.all(doors.map((door) => ask(door)));
      expect(answers.map((answer) => answer.status)).toEqual([200, 200]);
      expect(on.gateway.ledger.entries.map((entry) => [entry.status, entry.costUsd === 0])).toContainEqual([
        status,
        true,
      ]);
    },
  );

  test("pauses every agent, says so where readiness is asked, and lets a killed one go at once", async () => {
    const told = Promise.withResolvers<void>();
    await on.start((response) => {
      busy(response, 529, { "retry-after": "30" });
      told.resolve();
    });
    const door = await on.gateway.open("one");
    const waiting = begin(door, { body: message() }).catch((error: Error) => error.message);
    await told.promise;
    await on.gateway.ledger.next();
    const other = await on.gateway.open("two");
    const behind = begin(other, { body: message() }).catch((error: Error) => error.message);
    await expect.poll(() => on.gateway.gateway.traffic().waiting).toBe(2);
    expect(on.upstream.seen).toHaveLength(1);
    expect(await on.gateway.gateway.check()).toMatchObject({
      warning: true,
      detail: expect.stringMatching(/all requests are paused for (29|30) s after HTTP 529, 2 wait$/),
    });
    await Promise.all([door.revoke(), other.revoke()]);
    expect(await waiting).toMatch(/hang up|ECONNRESET/);
    expect(await behind).toMatch(/hang up|ECONNRESET/);
    expect(on.gateway.gateway.traffic()).toMatchObject({ waiting: 0, active: 0 });
  });

  test("for longer than a request may wait is answered at once, with the time to come back", async () => {
    await on.start((response) => busy(response, 529, { "retry-after": "90" }));
    const door = await on.gateway.open("one");
    expect(await ask(door)).toMatchObject({ status: 529, headers: { "retry-after": "90" } });
    const second = await ask(await on.gateway.open("two"));
    expect(second.status).toBe(529);
    expect(second.headers["retry-after"]).toBe("90");
    expect(errorOf(second).message).toMatch(/busy/);
    expect(on.upstream.seen).toHaveLength(1);
  });

  test("for good (a quota) is not asked again, and pauses nobody", async () => {
    await on.start((response) => busy(response, 429, { "x-should-retry": "false", "retry-after": "30" }));
    expect((await ask(await on.gateway.open("one"))).status).toBe(429);
    expect((await ask(await on.gateway.open("two"))).status).toBe(429);
    expect(on.upstream.seen).toHaveLength(2);
  });
});

describe("requests at a time", () => {
  test("are bounded over all agents; the others wait", async () => {
    const held: (() => void)[] = [];
    await on.start((response, request) => void held.push(() => sendMessage(response, request)), {
      concurrency: 2,
    });
    const doors = await Promise.all(["a", "b", "c"].map((agentId) => on.gateway.open(agentId)));
    const answers = doors.map((door) => ask(door));
    await expect.poll(() => held.length).toBe(2);
    expect(on.gateway.gateway.traffic()).toMatchObject({ active: 2, waiting: 1 });
    held[0]?.();
    await expect.poll(() => held.length).toBe(3);
    for (const answer of held.slice(1)) answer();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([200, 200, 200]);
  });
});

describe("an answer that goes silent", () => {
  test("is broken off, and counts as what can have been generated", async () => {
    await on.start((response) => sendEvent(response, "message_start", { message: {} }), { idleMs: 1000 });
    const answer = await begin(await on.gateway.open(), { body: message({ stream: true }) });
    await expect(text(answer)).rejects.toThrow("aborted");
    expect(on.gateway.ledger.entries).toMatchObject([{ outputTokens: 1000, complete: false }]);
  });

  test("before it begins is 502, and counts the same", async () => {
    await on.start(() => undefined, { idleMs: 1000 });
    const answer = await ask(await on.gateway.open(), { body: message({ stream: true }) });
    expect(answer.status).toBe(502);
    expect(errorOf(answer).message).toContain("UND_ERR_HEADERS_TIMEOUT");
    expect(on.gateway.ledger.entries).toMatchObject([{ outputTokens: 1000, complete: false }]);
  });
});
