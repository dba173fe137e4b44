import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { request } from "node:http";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { EgressDecision } from "@mosaic/sandbox";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createEgressDoors } from "./create-egress-doors.ts";
import type { EgressDoors, EgressDoor } from "./port.ts";

const TARGET = "api.test.example:8443";

let home = "";
let upstream: Server;
let doors: EgressDoors;
let decisions: EgressDecision[] = [];
const open: EgressDoor[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "egress-"));
  decisions = [];
  upstream = createServer((socket) => socket.on("error", () => undefined).pipe(socket)).listen(
    0,
    "127.0.0.1",
  );
  await once(upstream, "listening");
  doors = await createEgressDoors({
    folder: join(home, "egress"),
    modelHost: "models.test.example",
    maxTold: 3,
    network: {
      resolve: async () => await Promise.resolve(["203.0.113.80"]),
      dial: () => connect((upstream.address() as AddressInfo).port, "127.0.0.1"),
    },
  });
});

afterEach(async () => {
  await Promise.all(open.splice(0).map((door) => door.close()));
  upstream.close();
  await rm(home, { recursive: true });
});

async function openFor(agentId: string, targets: readonly string[] = [TARGET]): Promise<EgressDoor> {
  const door = await doors.open({ agentId, targets, onDecision: (decision) => decisions.push(decision) });
  open.push(door);
  return door;
}

async function ask(
  door: EgressDoor,
  target: string,
): Promise<{ status: number | undefined; socket: Socket }> {
  const asked = request({ socketPath: door.socketPath, method: "CONNECT", path: target });
  asked.end();
  const [response, socket] = (await once(asked, "connect")) as [{ statusCode?: number }, Socket];
  socket.on("error", () => undefined);
  return { status: response.statusCode, socket };
}

describe("an agent's way out", () => {
  it("leads to what it was granted, by exact host and port, and tells each decision", async () => {
    const door = await openFor("one");
    const { status, socket } = await ask(door, TARGET);
    expect(status).toBe(200);
    socket.end("there and back");
    expect(await text(socket)).toBe("there and back");
    expect((await ask(door, "api.test.example:443")).status).toBe(403);
    expect(decisions).toMatchObject([
      { target: TARGET, allowed: true, address: "203.0.113.80" },
      { target: "api.test.example:443", allowed: false },
    ]);
    expect(door.counts()).toEqual({ allowed: 1, refused: 1, untold: 0 });
  });

  it("counts what it does not tell any more", async () => {
    const door = await openFor("one");
    for (let turn = 0; turn < 5; turn += 1) await ask(door, "elsewhere.test.example:443");
    expect(decisions).toHaveLength(3);
    expect(door.counts()).toEqual({ allowed: 0, refused: 5, untold: 2 });
  });

  it("is cut, and gone from the disk, when it is closed; another agent's stays", async () => {
    const [one, other] = [await openFor("one"), await openFor("other", ["other.test.example:443"])];
    const { socket } = await ask(one, TARGET);
    const cut = once(socket, "close");
    expect(await Promise.all([one.close(), one.close()])).toEqual([{ gone: true }, { gone: true }]);
    await cut;
    expect(existsSync(join(home, "egress", "one"))).toBe(false);
    expect((await ask(other, "other.test.example:443")).status).toBe(200);
    expect((await ask(other, TARGET)).status).toBe(403);
  });

  it("can be used by another user, in a folder that only we can enter", async () => {
    const door = await openFor("one");
    const mode = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);
    expect(await mode(join(home, "egress"))).toBe("700");
    expect(await mode(door.socketPath)).toBe("666");
  });

  it.each(["api.anthropic.com:443", "models.test.example:443"])("never leads to %s", async (target) => {
    await expect(openFor("one", [target])).rejects.toThrow("where models are");
    expect(existsSync(join(home, "egress", "one"))).toBe(false);
  });

  it("does not take a path for an agent's id", async () => {
    await expect(openFor("../one")).rejects.toThrow("folder");
  });
});

it("removes what a former process left", async () => {
  await openFor("one");
  await writeFile(join(home, "egress", "left"), "");
  await Promise.all(open.splice(0).map((door) => door.close()));
  await createEgressDoors({ folder: join(home, "egress"), modelHost: "models.test.example" });
  expect(existsSync(join(home, "egress", "left"))).toBe(false);
});
