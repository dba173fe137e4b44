import { mkdtemp, readdir, rm } from "node:fs/promises";
import { request } from "node:http";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  createEgressProxy,
  type EgressDecision,
  type EgressProxy,
  type EgressProxyOptions,
} from "./proxy.ts";

const TARGET = "registry.test.example:443";

let folder = "";
let upstream: Server;
let proxy: EgressProxy | undefined;
let decisions: EgressDecision[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mosaic-egress-"));
  decisions = [];
  upstream = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
});
afterEach(async () => {
  await proxy?.close();
  upstream.close();
  await rm(folder, { recursive: true });
});

const dialUpstream = (): Socket => connect((upstream.address() as AddressInfo).port, "127.0.0.1");

/** A proxy whose one host has a public address, which leads to the echo server of this test. */
async function open(options: Partial<EgressProxyOptions> = {}): Promise<EgressProxy> {
  proxy = await createEgressProxy({
    socketPath: path.join(folder, "s"),
    allow: ["registry.test.example"],
    onDecision: (decision) => decisions.push(decision),
    resolve: async () => await Promise.resolve(["203.0.113.80"]),
    dial: dialUpstream,
    ...options,
  });
  return proxy;
}

async function ask(target: string): Promise<{ status: number | undefined; socket: Socket }> {
  const asked = request({ socketPath: path.join(folder, "s"), method: "CONNECT", path: target });
  asked.end();
  const [response, socket] = (await once(asked, "connect")) as [{ statusCode?: number }, Socket];
  socket.on("error", () => undefined);
  return { status: response.statusCode, socket };
}

describe("the egress proxy", () => {
  it("joins a host on its list, at the address that was checked, and writes it down", async () => {
    const dialled: string[] = [];
    await open({
      dial: (address) => {
        dialled.push(address);
        return dialUpstream();
      },
    });
    const { status, socket } = await ask(TARGET);
    expect(status).toBe(200);
    socket.end("through and back");
    expect(await text(socket)).toBe("through and back");
    expect(dialled).toEqual(["203.0.113.80"]);
    expect(decisions).toEqual([
      { target: TARGET, allowed: true, reason: "on the list", address: "203.0.113.80" },
    ]);
  });

  it("tries the next address when one does not answer", async () => {
    await open({
      resolve: async () => await Promise.resolve(["203.0.113.1", "203.0.113.2"]),
      dial: (address) => (address === "203.0.113.1" ? connect(path.join(folder, "missing")) : dialUpstream()),
    });
    expect((await ask(TARGET)).status).toBe(200);
    expect(decisions).toMatchObject([{ address: "203.0.113.2" }]);
  });

  it.each([
    "example.com:443",
    "169.254.169.254:443",
    "127.0.0.1:443",
    "localhost:443",
    "registry.test.example:22",
  ])("refuses %s with 403, and writes it down", async (target) => {
    await open();
    expect((await ask(target)).status).toBe(403);
    expect(decisions).toMatchObject([{ target, allowed: false }]);
  });

  it("refuses a host on its list that leads to this machine", async () => {
    await open({ resolve: async () => await Promise.resolve(["127.0.0.1"]) });
    expect((await ask(TARGET)).status).toBe(403);
    expect(decisions).toMatchObject([{ allowed: false, reason: expect.stringContaining("not public") }]);
  });

  it("answers 502 when nothing answers", async () => {
    await open({ dial: () => connect(path.join(folder, "missing")) });
    expect((await ask(TARGET)).status).toBe(502);
  });

  it("answers 503 beyond its number of tunnels, and serves again when one is closed", async () => {
    await open({ maxConnections: 1 });
    const first = await ask(TARGET);
    const second = await ask(TARGET);
    expect([first.status, second.status]).toEqual([200, 503]);
    first.socket.destroy();
    second.socket.destroy();
    // The proxy notices a moment later.
    const third = await vi.waitUntil(async () => {
      const { status, socket } = await ask(TARGET);
      socket.destroy();
      return status === 200 ? status : null;
    });
    expect(third).toBe(200);
  });

  it("forwards no plain request", async () => {
    await open();
    const asked = request({ socketPath: path.join(folder, "s"), path: "http://registry.test.example/" });
    asked.end();
    const [response] = (await once(asked, "response")) as [{ statusCode?: number; resume: () => void }];
    response.resume();
    expect(response.statusCode).toBe(405);
    expect(decisions).toEqual([]);
  });

  it("survives garbage", async () => {
    const { socketPath } = await open();
    const socket = connect(socketPath);
    socket.end("\0\x16\x03\x01 not http\r\n\r\n");
    await text(socket);
    expect((await ask(TARGET)).status).toBe(200);
  });

  it("cuts its tunnels when it is closed, and takes its socket away", async () => {
    const opened = await open();
    const { socket } = await ask(TARGET);
    const cut = once(socket, "close");
    await Promise.all([opened.close(), opened.close()]);
    await cut;
    expect(await readdir(folder)).toEqual([]);
  });

  it("does not start with a path that no socket can have", async () => {
    await expect(open({ socketPath: path.join(folder, "x".repeat(120)) })).rejects.toThrow("too long");
  });
});
