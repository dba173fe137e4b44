import { createServer, get, type ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { upTo } from "../tests/event-log.ts";
import { createStreamClient } from "./stream-client.ts";

const events = (from: number, to: number) => upTo(from, to).map((id) => ({ id, type: "t" }));

/** A real response, and everything its reader gets until it ends. */
async function exchange(): Promise<{ response: ServerResponse; received: Promise<string> }> {
  const arrived = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, response) => arrived.resolve(response)).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((resolve) => server.once("listening", resolve));
  const received = new Promise<string>((resolve, reject) => {
    get(
      { host: "127.0.0.1", port: (server.address() as { port: number }).port, agent: false },
      (incoming) => {
        let text = "";
        incoming.setEncoding("utf8").on("data", (part: string) => (text += part));
        incoming.on("end", () => resolve(text)).on("error", reject);
      },
    ).on("error", reject);
  });
  return { response: await arrived.promise, received };
}

function connectClient(response: ServerResponse, maxBufferedBytes = 1_000_000) {
  const told: string[] = [];
  const client = createStreamClient<{ id: number; type: string }>(response, {
    maxBufferedBytes,
    onGone: () => told.push("gone"),
    onTooSlow: () => told.push("too slow"),
  });
  return { client, told };
}

const idsIn = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

describe("createStreamClient", () => {
  it("keeps what happens during a replay, and leaves out what the replay has brought", async () => {
    const { response, received } = await exchange();
    const { client } = connectClient(response);
    client.moveTo(2);
    client.deliver(events(3, 6), Buffer.from("shared bytes are not for a replaying client"));
    await client.replay(events(3, 4));
    expect(client.goLive()).toBe(true);
    client.deliver(events(5, 7), Buffer.from("overlaps"));
    client.deliver(events(8, 8), Buffer.from("id: 8\n\n"));
    client.end();
    const text = await received;
    expect(idsIn(text)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(text).not.toMatch(/shared|overlaps/);
  });

  it("has the store read again when more happens than it may keep, as often as that is so", async () => {
    const { response, received } = await exchange();
    const { client } = connectClient(response);
    client.deliver(events(1, 10_001), Buffer.alloc(0));
    expect(client.goLive()).toBe(false);
    await client.replay(events(1, 10_001));
    client.deliver(events(10_002, 10_003), Buffer.alloc(0));
    expect(client.goLive()).toBe(true);
    client.end();
    expect(idsIn(await received)).toEqual(upTo(1, 10_003));
  });

  it("waits for its reader in a replay, whatever its size", async () => {
    const { response, received } = await exchange();
    const { client, told } = connectClient(response, 100_000);
    await client.replay(events(1, 50_000));
    expect(response.writableLength).toBeLessThan(200_000);
    client.goLive();
    client.end();
    expect(idsIn(await received)).toHaveLength(50_000);
    expect(told).not.toContain("too slow");
  });

  it("is silent and harmless once its reader has gone", async () => {
    const { response, received } = await exchange();
    const cut = received.catch((error: Error) => error);
    const { client, told } = connectClient(response);
    response.destroy();
    client.write("after destroy");
    await client.left;
    await client.replay(events(1, 9));
    client.deliver(events(10, 11), Buffer.from("x"));
    client.goLive();
    client.end();
    expect(client.gone).toBe(true);
    expect(told).toEqual(["gone"]);
    expect(await cut).toBeInstanceOf(Error);
  });
});
