import { once } from "node:events";
import { describe, expect, test } from "vitest";
import {
  type Answering,
  ask,
  begin,
  errorOf,
  message,
  sendEvent,
  sendMessage,
  useGateway,
} from "./spec-support.ts";

const on = useGateway();

async function open(maxTurns: number, answer: Answering = sendMessage) {
  await on.start(answer);
  const door = await on.gateway.open("one", maxTurns);
  const over: string[] = [];
  const count = () => door.beginPrompt(() => void over.push("over"));
  const statuses = async (times: number): Promise<number[]> => {
    const seen: number[] = [];
    for (let time = 0; time < times; time += 1) seen.push((await ask(door)).status);
    return seen;
  };
  return { door, over, count, statuses };
}

/** Answers by turns as these do. */
function inTurn(...answers: Answering[]): Answering {
  let next = 0;
  return (...given) => answers[Math.min(next++, answers.length - 1)]?.(...given);
}

describe("the requests of one prompt", () => {
  test("are so many, and then none until the next prompt; who began it is told of the first", async () => {
    const { door, over, count, statuses } = await open(2);
    const prompt = count();
    expect(await statuses(4)).toEqual([200, 200, 403, 403]);
    expect(errorOf(await ask(door)).message).toContain("options.maxTurns");
    expect(over).toEqual(["over"]);
    expect(prompt.requests).toBe(2);
    expect(on.upstream.seen).toHaveLength(2);
    count();
    expect(await statuses(3)).toEqual([200, 200, 403]);
  });

  test("are held to it before the first prompt and between two, too, when nobody is told", async () => {
    const { over, count, statuses } = await open(1);
    expect(await statuses(2)).toEqual([200, 403]);
    count().end();
    expect(await statuses(2)).toEqual([200, 403]);
    expect(over).toEqual([]);
  });

  test("count as soon as they are under way: many at a time are no way round", async () => {
    const { door, over, count } = await open(2);
    count();
    const answers = await Promise.all(Array.from({ length: 6 }, async () => ask(door)));
    expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([
      200, 200, 403, 403, 403, 403,
    ]);
    expect(on.upstream.seen).toHaveLength(2);
    expect(over).toEqual(["over"]);
  });

  test("do not count when they are refused, cannot be read, or only count tokens", async () => {
    const refuse: Answering = (response) => void response.writeHead(400).end("{}");
    const { door, count } = await open(1, inTurn(refuse, sendMessage));
    const prompt = count();
    expect((await ask(door)).status).toBe(400);
    expect((await ask(door, { body: message({ model: "other" }) })).status).toBe(403);
    expect((await ask(door, { path: "/v1/messages/count_tokens", body: message() })).status).toBe(200);
    expect(prompt.requests).toBe(0);
    expect((await ask(door)).status).toBe(200);
    expect(prompt.requests).toBe(1);
  });

  test("do not count when their answer broke off, whichever way", async () => {
    const torn: Answering = (response) => {
      sendEvent(response, "message_start");
      setImmediate(() => response.destroy());
    };
    const cut: Answering = (response) => {
      sendEvent(response, "message_start");
      response.end();
    };
    const half: Answering = (response) => void response.writeHead(200).end('{"type":"mess');
    const { door, count } = await open(1, inTurn(torn, cut, half, sendMessage));
    const prompt = count();
    const stream = { body: message({ stream: true }) };
    await ask(door, stream).catch(() => undefined);
    await ask(door, stream);
    await ask(door);
    expect(prompt.requests).toBe(0);
    expect((await ask(door)).status).toBe(200);
    expect((await ask(door)).status).toBe(403);
  });

  test("count when the agent hangs up on an answer: it has read what it wanted", async () => {
    const { door, count } = await open(1, (response) => sendEvent(response, "message_start"));
    const prompt = count();
    const settled = on.gateway.ledger.next();
    const answer = await begin(door, { body: message({ stream: true }) });
    await once(answer, "data");
    answer.destroy();
    await settled;
    expect(prompt.requests).toBe(1);
    expect((await ask(door)).status).toBe(403);
  });
});
