import type { StoredEvent } from "@mosaic/contracts";
import { orchestratorRoutes } from "@mosaic/contracts";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  ApiError,
  createClient,
  InvalidResponseError,
  type StreamItem,
  type StreamState,
  UnreachableError,
} from "../src/index.ts";

const { streamEvents } = orchestratorRoutes;
const START = "retry: 1\nid: 7\n\n";
const frame = (id: number, type = "queue.paused", data: unknown = { by: "cli" }) =>
  `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify({ id, type, time: "2026-01-01T00:00:00.000Z", subject: "queue", data })}\n\n`;

type Turn = (response: ServerResponse, request: IncomingMessage) => void;

/** A server whose n-th connection is served by the n-th turn; the last one serves all that follow. */
async function scripted(...turns: [Turn, ...Turn[]]) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    const turn = turns[Math.min(requests.length, turns.length - 1)];
    requests.push(request);
    turn?.(response, request);
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  onTestFinished(stop);
  const baseUrl = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const client = createClient({
    baseUrl,
    token: "mosaic_x",
    routes: { streamEvents },
    timeoutMs: 2000,
    reconnectMs: 1,
    random: () => 0,
  });
  return { client, baseUrl, requests, stop };
}

const stream =
  (text: string, then: (response: ServerResponse) => void = () => undefined): Turn =>
  (response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" }).write(text);
    then(response);
  };
const end = (response: ServerResponse) => void response.end();
const cut = (response: ServerResponse) => void setImmediate(() => response.destroy());

/** Reads `count` items and leaves. */
async function take(items: AsyncGenerator<StreamItem, void, void>, count: number): Promise<StreamItem[]> {
  const taken: StreamItem[] = [];
  for await (const item of items) {
    taken.push(item);
    if (taken.length === count) break;
  }
  return taken;
}

const ids = (items: readonly StreamItem[]) =>
  items.map((item) => (item.kind === "event" ? item.id : item.kind));

describe("a stream of events", () => {
  it("gives typed events, asks as it was told, and lets go of the server when its reader leaves", async () => {
    const gone = Promise.withResolvers<void>();
    const { client, requests } = await scripted(
      stream(`${START}: ping\n\n${frame(8)}`, (response) => response.once("close", gone.resolve)),
    );
    const [item] = await take(client.streamEvents({ query: { agent: "a1", transcript: "true" } }), 1);
    const expected: StoredEvent = {
      id: 8,
      type: "queue.paused",
      time: "2026-01-01T00:00:00.000Z",
      subject: "queue",
      data: { by: "cli" },
    };
    expect(item).toEqual({ kind: "event", id: 8, event: expected });
    await gone.promise;
    expect(requests[0]?.url).toBe("/agents/events?agent=a1&transcript=true");
    expect(requests[0]?.headers).toMatchObject({
      accept: "text/event-stream",
      authorization: "Bearer mosaic_x",
    });
    expect(requests[0]?.headers["last-event-id"]).toBeUndefined();
  });

  it("resumes after the last event it gave, however the connection ended, and tells of it", async () => {
    const states: StreamState[] = [];
    const { client, requests } = await scripted(
      stream(START + frame(8) + frame(9), end),
      stream(frame(10), cut),
      (response) => response.writeHead(503, { "retry-after": "0" }).end(),
      (response) => response.destroy(),
      stream(frame(11)),
    );
    const items = await take(
      client.streamEvents({ lastEventId: 7, onState: (state) => states.push(state) }),
      4,
    );
    expect(ids(items)).toEqual([8, 9, 10, 11]);
    expect(requests.map((request) => request.headers["last-event-id"])).toEqual(["7", "9", "10", "10", "10"]);
    expect(states.map((state) => state.kind)).toEqual([
      "connected",
      "reconnecting",
      "connected",
      "reconnecting",
      "reconnecting",
      "reconnecting",
      "connected",
    ]);
    expect(states[1]).toMatchObject({ why: "the server ended the stream", retryInMs: 1 });
  });

  it("resumes from where it began when nothing had happened yet", async () => {
    const { client, requests } = await scripted(stream(START, end), stream(frame(8)));
    expect(ids(await take(client.streamEvents(), 1))).toEqual([8]);
    expect(requests[1]?.headers["last-event-id"]).toBe("7");
  });

  it("does not give half an event twice or at all", async () => {
    const whole = frame(9);
    const { client } = await scripted(
      stream(START + frame(8) + whole.slice(0, 40), cut),
      stream(whole + frame(10)),
    );
    expect(ids(await take(client.streamEvents(), 3))).toEqual([8, 9, 10]);
  });

  it("gives a reset, and resumes from where the server went on", async () => {
    const reset = 'id: 90\nevent: reset\ndata: {"oldest":50,"newest":90}\n\n';
    const { client, requests } = await scripted(stream(reset, end), stream(frame(91)));
    const items = await take(client.streamEvents({ lastEventId: 3 }), 2);
    expect(items[0]).toEqual({ kind: "reset", newest: 90 });
    expect(ids(items)).toEqual(["reset", 91]);
    expect(requests[1]?.headers["last-event-id"]).toBe("90");
  });

  it("passes over types it does not know: the server may be newer", async () => {
    const { client } = await scripted(stream(START + frame(8, "agent.teleported", {}) + frame(9)));
    expect(ids(await take(client.streamEvents(), 1))).toEqual([9]);
  });

  it("reconnects when the server falls silent", async () => {
    const { baseUrl, requests } = await scripted(stream(START), stream(frame(8)));
    const client = createClient({ baseUrl, routes: { streamEvents }, streamIdleMs: 30, reconnectMs: 1 });
    const states: StreamState[] = [];
    expect(ids(await take(client.streamEvents({ onState: (state) => states.push(state) }), 1))).toEqual([8]);
    expect(states[1]).toMatchObject({
      kind: "reconnecting",
      why: expect.stringContaining("silent for 30 ms"),
    });
    expect(requests).toHaveLength(2);
  });

  it("ends quietly when its signal is aborted: while reading, while waiting to reconnect, and before", async () => {
    const controller = new AbortController();
    const { client } = await scripted(stream(START + frame(8)));
    const seen: StreamItem[] = [];
    for await (const item of client.streamEvents({ signal: controller.signal })) {
      seen.push(item);
      controller.abort();
    }
    expect(seen).toHaveLength(1);
    expect(await take(client.streamEvents({ signal: controller.signal }), 1)).toEqual([]);

    const waiting = new AbortController();
    const { baseUrl } = await scripted(stream(START, end));
    const slow = createClient({ baseUrl, routes: { streamEvents }, reconnectMs: 600_000 });
    const onState = (state: StreamState) => {
      if (state.kind === "reconnecting") waiting.abort();
    };
    expect(await take(slow.streamEvents({ signal: waiting.signal, onState }), 1)).toEqual([]);
  });
});

describe("a stream that cannot be", () => {
  const first = (client: Awaited<ReturnType<typeof scripted>>["client"]) => take(client.streamEvents(), 1);

  it("throws at the first connection what a call would throw", async () => {
    const problem = {
      type: "t",
      title: "t",
      status: 401,
      detail: "who are you?",
      code: "unauthenticated",
      requestId: "r",
    };
    const { client, stop } = await scripted((response) =>
      response.writeHead(401).end(JSON.stringify(problem)),
    );
    await expect(first(client)).rejects.toMatchObject({ status: 401, problem: { code: "unauthenticated" } });
    stop();
    await expect(first(client)).rejects.toBeInstanceOf(UnreachableError);
  });

  it("throws when it is refused for good later", async () => {
    const { client, requests } = await scripted(stream(START, end), (response) =>
      response.writeHead(403).end(),
    );
    await expect(first(client)).rejects.toBeInstanceOf(ApiError);
    expect(requests).toHaveLength(2);
  });

  it("throws when it is no event stream, or an event does not fit its type", async () => {
    const page = await scripted((response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("hello"),
    );
    await expect(first(page.client)).rejects.toThrow("answered with text/html, not with an event stream");
    const wrong = await scripted(stream(frame(8, "agent.running", { sandbox: 1 })));
    await expect(first(wrong.client)).rejects.toBeInstanceOf(InvalidResponseError);
  });

  it("throws when no answer comes in time", async () => {
    const { baseUrl } = await scripted(() => undefined);
    const client = createClient({ baseUrl, routes: { streamEvents }, timeoutMs: 30 });
    await expect(first(client)).rejects.toThrow("did not answer GET /agents/events in 30 ms");
  });
});
