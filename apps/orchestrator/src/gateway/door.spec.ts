import { once } from "node:events";
import { lstat, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { request, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import {
  ask,
  begin,
  message,
  MODEL,
  sendEvent,
  sendMessage,
  startGateway,
  useGateway,
  type Answering,
} from "./spec-support.ts";

const on = useGateway();

/** An upstream that begins an answer and leaves it open; `began` and `broken` tell of it. */
function openEnded(): { answer: Answering; began: Promise<ServerResponse>; broken: Promise<unknown> } {
  const began = Promise.withResolvers<ServerResponse>();
  const broken = Promise.withResolvers<unknown>();
  const answer: Answering = (response) => {
    response.once("close", () => broken.resolve(response.writableFinished));
    sendEvent(response, "message_start", { message: { usage: { input_tokens: 3, output_tokens: 1 } } });
    began.resolve(response);
  };
  return { answer, began: began.promise, broken: broken.promise };
}
const streaming = { body: message({ stream: true }) };

describe("revoking a door", () => {
  test("breaks an answer that comes in, on both sides, and leaves no path", async () => {
    const { answer, began, broken } = openEnded();
    await on.start(answer);
    const door = await on.gateway.open();
    const response = await begin(door, streaming);
    await began;
    const recorded = on.gateway.ledger.next();
    const cut = text(response).catch((error: unknown) => error);
    expect(await door.revoke()).toEqual({ gone: true, aborted: 1 });
    expect(await cut).toMatchObject({ code: "ECONNRESET" });
    expect(await broken).toBe(false);
    expect(await recorded).toMatchObject({ inputTokens: 3, outputTokens: 1000, complete: false });
    await expect(lstat(dirname(door.socketPath))).rejects.toThrow("ENOENT");
    await expect(ask(door)).rejects.toThrow("ENOENT");
    expect(on.gateway.gateway.list()).toEqual([]);
  });

  test("breaks idle connections, is safe twice, and lets the agent's next door open", async () => {
    await on.start();
    const door = await on.gateway.open();
    const socket = connect({ path: door.socketPath });
    await once(socket, "connect");
    const closed = once(socket, "close");
    const [first, second] = await Promise.all([door.revoke(), door.revoke()]);
    expect(first).toEqual({ gone: true, aborted: 0 });
    expect(second).toEqual(first);
    socket.resume();
    await closed;
    const again = await on.gateway.open();
    expect((await ask(again)).status).toBe(200);
  });

  test("does not wait for a ledger that hangs", async () => {
    const { answer, began } = openEnded();
    await on.start(answer);
    const hanging = Promise.withResolvers<boolean>();
    on.gateway.ledger.settle = async () => hanging.promise;
    const door = await on.gateway.open();
    await begin(door, streaming);
    await began;
    expect(await door.revoke()).toEqual({ gone: true, aborted: 1 });
    hanging.resolve(true);
  });
});

describe("an agent that hangs up", () => {
  test("ends the request upstream, and pays for what was generated", async () => {
    const { answer, began, broken } = openEnded();
    await on.start(answer);
    const door = await on.gateway.open();
    const response = await begin(door, streaming);
    await began;
    const recorded = on.gateway.ledger.next();
    response.destroy();
    expect(await broken).toBe(false);
    expect(await recorded).toMatchObject({ complete: false });
  });

  test("does so before the answer began, too", async () => {
    const asked = Promise.withResolvers<ServerResponse>();
    await on.start((response) => asked.resolve(response));
    const door = await on.gateway.open();
    const { socketPath } = door;
    const sent = request({ socketPath, method: "POST", path: "/v1/messages", agent: false });
    sent.on("error", () => undefined);
    sent.end(JSON.stringify(message()));
    const closed = once(await asked.promise, "close");
    const recorded = on.gateway.ledger.next();
    sent.destroy();
    await closed;
    expect(await recorded).toMatchObject({ complete: false, outputTokens: 1000 });
  });

  test("in the middle of its request costs nothing", async () => {
    await on.start();
    const door = await on.gateway.open();
    const socket = connect({ path: door.socketPath });
    socket.write("POST /v1/messages HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{");
    await once(socket, "connect");
    socket.destroy();
    expect((await ask(door)).status).toBe(200);
    expect(on.gateway.ledger.entries).toHaveLength(1);
  });
});

describe("an agent that reads slowly", () => {
  test("slows the upstream down instead of filling memory", async () => {
    const total = 64 * 1024 * 1024;
    let written = 0;
    await on.start((response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const block = Buffer.from(`: ${"x".repeat(65_533)}\n`);
      const more = (): void => {
        while (written < total) {
          written += block.length;
          if (!response.write(block)) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    const door = await on.gateway.open();
    const response = await begin(door, streaming);
    response.pause();
    await once(response, "readable");
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setImmediate(resolve));
      await stat(door.socketPath);
    }
    expect(written).toBeLessThan(total / 2);
    let read = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) read += chunk.length;
    expect(read).toBe(written);
  });
});

describe("two agents", () => {
  test("at once do not cross", async () => {
    const waiting = new Map<string, ServerResponse>();
    const both = Promise.withResolvers<undefined>();
    await on.start((response, { body }) => {
      waiting.set(JSON.parse(body).system as string, response);
      if (waiting.size === 2) both.resolve(undefined);
    });
    const [one, two] = await Promise.all([on.gateway.open("one"), on.gateway.open("two")]);
    expect([...on.gateway.gateway.list()].sort()).toEqual(["one", "two"]);
    const answers = [
      ask(one, { body: message({ system: "one" }) }),
      ask(two, { body: message({ system: "two" }) }),
    ];
    await both.promise;
    for (const [name, output_tokens] of [
      ["two", 22],
      ["one", 11],
    ] as const) {
      sendMessage(waiting.get(name) as ServerResponse, undefined as never, {
        input_tokens: 1,
        output_tokens,
      });
    }
    const [first, second] = await Promise.all(answers);
    expect(first?.body).toContain('"output_tokens":11');
    expect(second?.body).toContain('"output_tokens":22');
    const spent = on.gateway.ledger.entries.map(
      (entry) => `${entry.agentId} ${entry.taskId} ${entry.outputTokens}`,
    );
    expect(spent.sort()).toEqual(["one task-of-one 11", "two task-of-two 22"]);
  });

  test("do not share a revocation", async () => {
    await on.start();
    const [one, two] = await Promise.all([on.gateway.open("one"), on.gateway.open("two")]);
    await one.revoke();
    expect((await ask(two)).status).toBe(200);
  });

  test("cannot have the same name, and one agent has one door", async () => {
    await on.start();
    await on.gateway.open("one");
    await expect(on.gateway.open("one")).rejects.toThrow(/already has a gateway socket/);
  });
});

describe("an agent that asks too much at a time", () => {
  test("is told 429 and can go on afterwards", async () => {
    const held: ServerResponse[] = [];
    const full = Promise.withResolvers<undefined>();
    await on.start((response) => {
      held.push(response);
      if (held.length === 8) full.resolve(undefined);
    });
    const door = await on.gateway.open();
    const answers = Array.from({ length: 8 }, async () => ask(door));
    await full.promise;
    const refused = await ask(door);
    expect(refused.status).toBe(429);
    expect(refused.headers["retry-after"]).toBe("1");
    for (const response of held) sendMessage(response, undefined as never);
    expect((await Promise.all(answers)).every((answer) => answer.status === 200)).toBe(true);
    expect(on.gateway.ledger.entries).toHaveLength(8);
  });
});

describe("the socket folder", () => {
  test("is closed to other users, and what is in it is open to whoever gets it mounted", async () => {
    await on.start();
    const door = await on.gateway.open();
    const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;
    expect(await mode(join(on.gateway.folder, "run"))).toBe(0o700);
    expect(await mode(dirname(door.socketPath))).toBe(0o755);
    expect(await mode(door.socketPath)).toBe(0o666);
  });

  test("that is too long for a socket is refused at the start, with what to do", async () => {
    await on.start();
    const socketDir = join(on.gateway.folder, "x".repeat(80));
    await expect(startGateway({ socketDir })).rejects.toThrow(
      /may have 107 bytes.*choose a MOSAIC_HOME that is \d+ bytes shorter/,
    );
  });

  test("loses the sockets of a former process, and nothing else", async () => {
    await on.start();
    const run = join(on.gateway.folder, "other");
    await mkdir(join(run, "dead-agent"), { recursive: true });
    await writeFile(join(run, "dead-agent", "model.sock"), "");
    await mkdir(join(run, "something-else"));
    await writeFile(join(run, "lock"), "");
    const second = await startGateway({ socketDir: run });
    expect((await readdir(run)).sort()).toEqual(["lock", "something-else"]);
    await second.close();
  });

  test.each(["../x", "a/b", "", ".", "x".repeat(65), "_replay"])(
    "has no door for an agent called '%s'",
    async (agentId) => {
      await on.start();
      await expect(on.gateway.open(agentId)).rejects.toThrow(/cannot be the name/);
      expect(on.gateway.gateway.list()).toEqual([]);
    },
  );

  test("has no door for a model that is not configured", async () => {
    await on.start();
    const onUsage = (): void => undefined;
    const opening = on.gateway.gateway.open({
      agentId: "a",
      taskId: "t",
      repository: "r",
      model: "gpt",
      taskBudgetUsd: null,
      maxTurns: null,
      onUsage,
    });
    await expect(opening).rejects.toThrow(`the model gpt is not one of ${MODEL}`);
  });
});
