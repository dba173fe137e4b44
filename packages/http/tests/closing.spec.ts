import { createServer, get, request } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { bearer, buildServer, routes, send } from "./support.ts";

const AGENT = "0190c9a4-7e5b-4c3a-8f00-000000000001";
const STATUS = {
  agentId: AGENT,
  taskId: "t",
  status: "running" as const,
  spawnedAt: "2026-01-01T00:00:00.000Z",
};

async function startWaiting(closeGraceMs: number) {
  const test = buildServer({ closeGraceMs });
  const entered = Promise.withResolvers<AbortSignal>();
  const release = Promise.withResolvers<void>();
  const { getAgentStatus } = routes;
  test.server.mount(
    { getAgentStatus },
    {
      getAgentStatus: async (_input, { signal }) => {
        entered.resolve(signal);
        await release.promise;
        return STATUS;
      },
    },
  );
  onTestFinished(() => release.resolve());
  const { port } = await test.server.listen({ host: "127.0.0.1", port: 0 });
  const sent = { path: `/agents/${AGENT}/status`, headers: bearer(test.tokens.read) };
  return { ...test, port, entered, release, sent };
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

describe("a request that is abandoned", () => {
  it("aborts its handler's signal", async () => {
    const { port, entered, sent } = await startWaiting(100);
    const outgoing = request({ host: "127.0.0.1", port, ...sent }).on("error", () => undefined);
    outgoing.end();
    const signal = await entered.promise;
    expect(signal.aborted).toBe(false);
    outgoing.destroy();
    await aborted(signal);
  });

  it("is not what a request is that got its answer", async () => {
    const { port, entered, release, sent } = await startWaiting(100);
    const answer = send(port, sent);
    const signal = await entered.promise;
    release.resolve();
    expect((await answer).status).toBe(200);
    await send(port, sent);
    expect(signal.aborted).toBe(false);
  });
});

describe("close", () => {
  it("lets a running request end and takes no new connection", async () => {
    const { server, port, entered, release, sent } = await startWaiting(60_000);
    const running = send(port, sent);
    await entered.promise;
    const closed = server.close();
    await expect(send(port, sent)).rejects.toThrow("ECONNREFUSED");
    release.resolve();
    expect((await running).json).toMatchObject({ status: "running" });
    await closed;
  });

  it("cuts what still runs when its time is up, and aborts its signal", async () => {
    const { server, port, entered, sent } = await startWaiting(20);
    const running = send(port, sent);
    const failure = running.catch((error: Error) => error.message);
    const signal = await entered.promise;
    await server.close();
    expect(await failure).toBe("socket hang up");
    await aborted(signal);
  });

  it("is harmless before listening, and twice", async () => {
    const { server } = buildServer();
    await server.close();
    await expect(server.close()).resolves.toBeUndefined();
  });
});

describe("listen", () => {
  it("says what is wrong when the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    const { server } = buildServer();
    await expect(server.listen({ host: "127.0.0.1", port })).rejects.toThrow(
      `cannot listen on 127.0.0.1, port ${port}: another process already listens there`,
    );
  });

  it("takes localhost for one address, and tells which", async () => {
    const { server } = buildServer();
    const listening = await server.listen({ host: "localhost", port: 0 });
    expect(listening).toEqual({
      url: `http://127.0.0.1:${listening.port}`,
      host: "127.0.0.1",
      port: listening.port,
    });
    await new Promise((resolve) =>
      get(`${listening.url}/none`, (answer) => answer.resume().on("end", resolve)),
    );
  });
});
