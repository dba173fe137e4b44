import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { bearer, send } from "./support.ts";
import { upTo } from "./event-log.ts";
import { startStreaming } from "./stream-support.ts";

const resume = (id: number) => ({ headers: { "last-event-id": String(id) } });

describe("a live stream", () => {
  it("sends each client what it asked for, in order, as id, type and data", async () => {
    const { log, open } = await startStreaming();
    const all = await open();
    const some = await open({ query: "?agent=b" });
    expect(all.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    expect(all.headers["x-request-id"]).toBeDefined();
    log.append(1, { subject: "a", text: "line\nbreak" });
    log.append(2, { subject: "b" });
    await all.until(({ ids }) => ids.length === 3);
    await some.until(({ ids }) => ids.length === 2);
    expect(all.ids).toEqual([1, 2, 3]);
    expect(some.ids).toEqual([2, 3]);
    expect(all.text).toContain("retry: 2000\nid: 0\n\n");
    expect(all.text).toContain(
      'id: 1\nevent: agent.running\ndata: {"id":1,"type":"agent.running","subject":"a","text":"line\\nbreak"}\n\n',
    );
  });

  it("starts with what comes, and tells the position a client can resume from", async () => {
    const { log, open } = await startStreaming();
    log.append(5);
    const reader = await open();
    await reader.until(({ text }) => text.includes("id: 5\n\n"));
    log.append(1);
    await reader.until(({ ids }) => ids.length === 1);
    expect(reader.ids).toEqual([6]);
  });

  it("pings when nothing happens", async () => {
    const { open } = await startStreaming({ pingMs: 2 });
    const reader = await open();
    await reader.until(({ text }) => text.includes(": ping\n\n: ping\n\n"));
    expect(reader.ids).toEqual([]);
  });

  it("costs nothing once its last client has left", async () => {
    const { log, stream, metrics, open } = await startStreaming();
    const readers = [await open(), await open({ query: "?agent=b" })];
    expect(stream.clients).toBe(2);
    expect(log.listeners).toBe(1);
    expect(await metrics.text()).toContain("mosaic_sse_clients 2");
    for (const reader of readers) reader.close();
    await expect.poll(() => log.listeners).toBe(0);
    expect(stream.clients).toBe(0);
    expect(await metrics.text()).toContain("mosaic_sse_clients 0");
  });

  it("ends with a last comment when the server closes, and takes no new client", async () => {
    const { server, log, stream, open } = await startStreaming();
    const reader = await open();
    log.append(1);
    await server.close();
    await reader.ended;
    expect(reader.ids).toEqual([1]);
    expect(reader.text.endsWith(": the server is closing\n\n")).toBe(true);
    expect(stream.clients).toBe(0);
  });
});

describe("a resumed stream", () => {
  it("replays page by page from Last-Event-ID, which wins over the query, then goes live", async () => {
    const { log, open } = await startStreaming();
    log.append(30);
    const byHeader = await open({ query: "?lastEventId=29", ...resume(3) });
    const byQuery = await open({ query: "?lastEventId=25" });
    await byHeader.until(({ ids }) => ids.length === 27);
    log.append(3);
    await byHeader.until(({ ids }) => ids.at(-1) === 33);
    await byQuery.until(({ ids }) => ids.at(-1) === 33);
    expect(byHeader.ids).toEqual(upTo(4, 33));
    expect(byQuery.ids).toEqual(upTo(26, 33));
    expect(byHeader.text).not.toContain("reset");
  });

  it.each([0, 6, 7, 8, 13, 14, 20, 21])(
    "has neither gap nor duplicate from %i on when events are written before, during and after every read",
    async (from) => {
      const { log, open } = await startStreaming();
      log.append(21);
      let left = 12;
      const write = () => {
        if (left-- > 0) log.append(2);
      };
      log.hooks.beforeRead = write;
      log.hooks.afterRead = () => {
        write();
        queueMicrotask(write);
        void setImmediate().then(write);
      };
      const reader = await open(resume(from));
      await reader.until(({ ids }) => (ids.at(-1) ?? 0) > 22);
      log.append(1);
      await reader.until(({ ids }) => ids.at(-1) === log.newest);
      expect(reader.ids).toEqual(upTo(from + 1, reader.ids.at(-1) ?? 0));
    },
  );

  it("keeps its filter while it replays and after", async () => {
    const { log, open } = await startStreaming();
    for (let i = 0; i < 40; i += 1) log.append(1, { subject: i % 2 === 0 ? "a" : "b" });
    const reader = await open({ query: "?agent=b", ...resume(10) });
    await reader.until(({ ids }) => ids.at(-1) === 40);
    log.append(1, { subject: "a" });
    log.append(1, { subject: "b" });
    await reader.until(({ ids }) => ids.at(-1) === 42);
    expect(reader.ids).toEqual([...upTo(11, 40).filter((id) => id % 2 === 0), 42]);
  });

  it("is reset, and goes on from the newest event, when its position is older than the oldest kept", async () => {
    const { log, open } = await startStreaming();
    log.append(20);
    log.prune(11);
    const whole = await open(resume(10));
    const reader = await open(resume(9));
    await reader.until(({ text }) =>
      text.includes('id: 20\nevent: reset\ndata: {"oldest":11,"newest":20}\n\n'),
    );
    log.append(2);
    await reader.until(({ ids }) => ids.length === 2);
    await whole.until(({ ids }) => ids.length === 12);
    expect(reader.ids).toEqual([21, 22]);
    expect(whole.ids).toEqual(upTo(11, 22));
    expect(whole.text).not.toContain("reset");
  });

  it("is reset when its position is from another, newer log", async () => {
    const { log, open } = await startStreaming();
    log.append(3);
    const reader = await open(resume(99));
    await reader.until(({ text }) => text.includes("event: reset"));
    log.append(1);
    await reader.until(({ ids }) => ids.length === 1);
    expect(reader.ids).toEqual([4]);
  });

  it("is reset when events are dropped from the store in the middle of its replay", async () => {
    const { log, open } = await startStreaming();
    log.append(40);
    let reads = 0;
    log.hooks.beforeRead = () => {
      reads += 1;
      if (reads === 2) log.prune(30);
    };
    const reader = await open(resume(0));
    await reader.until(({ text }) => text.includes("event: reset"));
    log.append(1);
    await reader.until(({ ids }) => ids.at(-1) === 41);
    expect(reader.ids).toEqual([...upTo(1, 7), 41]);
  });
});

describe("a reader that does not read", () => {
  it("is dropped, disturbs nobody, and can resume where it was", async () => {
    const { log, port, stream, metrics, tokens, open } = await startStreaming({ maxBufferedBytes: 100_000 });
    const socket = connect(port, "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    const head = `GET /agents/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokens.read}\r\n\r\n`;
    socket.pause().write(head);
    const other = await open();
    await expect.poll(() => stream.clients).toBe(2);
    // The kernel takes some megabytes for a reader that does not read; only then our buffer grows.
    while (stream.clients === 2) {
      log.append(1, { text: "x".repeat(200_000) });
      const { newest } = log;
      await other.until(({ text }) => text.includes(`id: ${newest}\n`));
    }
    expect(stream.clients).toBe(1);
    expect(await metrics.text()).toContain("mosaic_sse_dropped_total 1");
    const back = await open(resume(1));
    await back.until(({ ids }) => ids.at(-1) === log.newest);
    expect(back.ids).toEqual(upTo(2, log.newest));
  });
});

describe("a stream that is refused", () => {
  it("needs a token, no foreign origin and a sensible position", async () => {
    const { port, tokens, open, stream } = await startStreaming();
    const path = "/agents/events";
    expect((await send(port, { path })).status).toBe(401);
    const foreign = await open({ headers: { origin: "null" } });
    expect(foreign.status).toBe(403);
    const wrong = await send(port, { path, headers: { ...bearer(tokens.read), "last-event-id": "latest" } });
    expect(wrong.json).toMatchObject({ code: "invalid_request", status: 400 });
    expect((await send(port, { method: "HEAD", path })).status).toBe(405);
    expect(stream.clients).toBe(0);
  });

  it("gets 429 when there are too many, and 503 once the stream is closed", async () => {
    const { port, tokens, open, stream } = await startStreaming({ maxClients: 1 });
    const path = "/agents/events";
    const headers = bearer(tokens.read);
    const first = await open();
    const second = await send(port, { path, headers });
    expect(second.json).toMatchObject({ code: "rate_limited", status: 429 });
    expect(second.headers["retry-after"]).toBe("10");
    stream.closeAll();
    await first.ended;
    expect((await send(port, { path, headers })).json).toMatchObject({ code: "shutting_down", status: 503 });
  });

  it("gets 500 when the store cannot be read before the stream began, and a cut when after", async () => {
    const { port, tokens, log, open, stream } = await startStreaming();
    log.hooks.rangeError = new Error("store is gone");
    const answer = await send(port, { path: "/agents/events", headers: bearer(tokens.read) });
    expect(answer.json).toMatchObject({ code: "internal", status: 500 });
    delete log.hooks.rangeError;
    log.append(3);
    log.hooks.beforeRead = async () => {
      await setImmediate();
      throw new Error("store is gone");
    };
    const reader = await open(resume(1));
    await reader.ended;
    expect(reader.ids).toEqual([]);
    expect(stream.clients).toBe(0);
    expect(log.listeners).toBe(0);
  });
});
