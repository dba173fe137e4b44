import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { connect as connectTo, createServer, type AddressInfo, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  admission,
  errorOf,
  freePort,
  move,
  startValkey,
  temporaryFolder,
  type TemporaryFolder,
  type ValkeyInTest,
} from "@mosaic/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "./store-in-test.ts";

const AT = "2026-01-01T00:00:00.000Z";

describe("a Valkey that cannot be used", () => {
  const started: ValkeyInTest[] = [];
  afterEach(async () => {
    for (const server of started.splice(0)) await server.close();
  });
  const start = async (...args: readonly string[]): Promise<ValkeyInTest> => {
    const server = await startValkey({ durable: false, args });
    started.push(server);
    return server;
  };
  const refusal = (url: string) => errorOf(openStore(url, { timeoutMs: 1000 }));

  it("is not there", async () => {
    expect(await refusal(`redis://127.0.0.1:${await freePort()}`)).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("has another password, or wants one; the error does not tell ours", async () => {
    const { port } = await start("--requirepass", "right");
    const wrong = await refusal(`redis://:not-this-one@127.0.0.1:${port}`);
    expect(wrong).toMatchObject({ code: "unauthorized", message: expect.stringContaining("WRONGPASS") });
    expect(JSON.stringify([wrong, (wrong as Error).stack, (wrong as Error).cause])).not.toContain(
      "not-this-one",
    );
    expect(await refusal(`redis://127.0.0.1:${port}`)).toMatchObject({ code: "unauthorized" });
  });

  it("is a replica", async () => {
    const primary = await start();
    const replica = await start("--replicaof", "127.0.0.1", String(primary.port));
    expect(await refusal(replica.url)).toMatchObject({ code: "read_only" });
    const store = await openStore(primary.url);
    const other = await start();
    await primary.run("replicaof", "127.0.0.1", String(other.port));
    const error = await errorOf(store.state.append([]).then(() => store.instances.remove("x")));
    expect(error).toMatchObject({ code: "read_only", message: expect.stringContaining("name the primary") });
    await store.close();
  });

  it("is a Cluster", async () => {
    const { url } = await start("--cluster-enabled", "yes");
    expect(await refusal(url)).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("Cluster"),
    });
  });

  it("would throw data away when its memory is full", async () => {
    const { url } = await start("--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru");
    expect(await refusal(url)).toMatchObject({
      code: "unsupported",
      message: expect.stringContaining("noeviction"),
    });
  });

  it("is too old, which is told at the start", async () => {
    const { port } = await start();
    const old = await startOlderTwin(port);
    const { port: oldPort } = old.address() as AddressInfo;
    expect(await refusal(`redis://127.0.0.1:${oldPort}`)).toMatchObject({
      code: "unsupported",
      message: expect.stringMatching(/is version 6\..*7\.0 or newer/),
    });
    old.close();
  });

  it("has no database of that number", async () => {
    const { url } = await start();
    expect(await refusal(`${url}/99`)).toMatchObject({ code: "cannot_open" });
  });

  it.each([
    ["may not load functions", "+@all -function"],
    ["may not write", "+@read +info +function +fcall +config +@connection"],
    ["may not tell what it is", "+@all -info"],
    ["may not publish", "+@all -publish"],
  ])("has a user who %s", async (_, rights) => {
    const server = await start();
    await server.run("acl", "setuser", "mosaic", "on", ">secret", "~*", "&*", ...rights.split(" "));
    const url = server.url.replace("//", "//mosaic:secret@");
    const write = async (): Promise<void> => {
      const store = await openStore(url, { timeoutMs: 1000 });
      const paused = { type: "queue.paused", time: AT, subject: "queue", data: { by: "x" } } as const;
      try {
        await store.state.append([paused]);
      } finally {
        await store.close();
      }
    };
    const error = await errorOf(write());
    expect(error).toMatchObject({ code: "unauthorized" });
    expect(Number(await server.run("exists", "orchestrator:events:stream"))).toBe(
      rights.includes("-publish") ? 1 : 0,
    );
    expect(await server.run("xlen", "orchestrator:events:stream")).toBe("0");
  });

  it("can be used by a user with no more than the rights that are advised", async () => {
    const server = await start();
    const rights = "on >secret ~orchestrator:* &orchestrator:* +@all -@admin +config|get".split(" ");
    await server.run("acl", "setuser", "mosaic", ...rights);
    const store = await openStore(server.url.replace("//", "//mosaic:secret@"));
    const { agent, ...request } = admission();
    await store.state.admit({ agent, ...request });
    await store.state.transition(move(agent, { agent: "running", task: "assigned" }));
    expect(await store.state.listAgents({ limit: 1 })).toMatchObject({
      items: [{ agent: { state: "running" } }],
    });
    expect(await store.state.pruneEvents(0)).toBe(4);
    await store.orders.serve(
      "a",
      async () => 1,
      () => undefined,
    );
    const order = { orderId: "o-1", kind: "kill_all", agentId: null, by: "ops", why: "w" } as const;
    await store.orders.give(order, ["a"], 60_000);
    expect(await store.orders.answers("o-1", ["a"], 30_000)).toEqual(new Map([["a", 1]]));
    expect([store.facts.mayLose, store.errors]).toEqual(["everything", []]);
    await store.close();
  });

  it.each([
    "http://127.0.0.1",
    "redis://",
    "127.0.0.1:6379",
    "redis://h/x",
    "redis://h:1/0?tls=false",
    "redis://:p w@h:99999",
    "redis://:p%20w%@h",
  ])("has an address that is not understood: %s", async (url) => {
    const error = await refusal(url);
    expect(error).toMatchObject({ code: "cannot_open" });
    expect((error as Error).message).not.toContain("p w");
  });
});

describe("what a Valkey says of itself", () => {
  const look = async (durable: boolean, ...args: readonly string[]) => {
    const server = await startValkey({ durable, args });
    const store = await openStore(server.url);
    const { facts, warnings } = store;
    expect(await store.check()).toEqual({ ok: true, detail: `${facts.server} takes writes` });
    await store.close();
    await server.close();
    return { facts, warnings };
  };

  it("is that it keeps everything, with appendfsync always", async () => {
    const { facts, warnings } = await look(true);
    expect(facts).toMatchObject({
      mayLose: "nothing",
      maxMemory: 0,
      version: expect.stringMatching(/^\d+\.\d/),
    });
    expect(warnings).toEqual([]);
  });

  it.each([
    ["a_second", true, ["--appendfsync", "everysec"], /up to 1 s/],
    ["half_a_minute", true, ["--appendfsync", "no"], /half a minute/],
    ["since_snapshot", false, ["--save", "3600", "1"], /snapshots only, which is not durable/],
    ["everything", false, [], /everything is lost/],
  ] as const)("may be that it loses %s", async (mayLose, durable, args, warning) => {
    const { facts, warnings } = await look(durable, ...args);
    expect(facts.mayLose).toBe(mayLose);
    expect(warnings).toEqual([expect.stringMatching(warning)]);
  });

  it("may be that it would throw data away, once it had a limit", async () => {
    expect((await look(true, "--maxmemory-policy", "allkeys-lru")).warnings).toEqual([
      expect.stringContaining("set maxmemory-policy noeviction"),
    ]);
  });
});

describe("Valkey with TLS", () => {
  let folder: TemporaryFolder;
  let valkey: ValkeyInTest;
  let url: string;

  beforeAll(async () => {
    folder = temporaryFolder();
    await promisify(execFile)("openssl", [
      ..."req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost".split(
        " ",
      ),
      ..."-addext subjectAltName=DNS:localhost,IP:127.0.0.1".split(" "),
      "-keyout",
      join(folder.path, "key"),
      "-out",
      join(folder.path, "certificate"),
    ]);
    const port = await freePort();
    const files = [
      "--tls-cert-file",
      join(folder.path, "certificate"),
      "--tls-key-file",
      join(folder.path, "key"),
    ];
    const args = [
      "--tls-port",
      String(port),
      ...files,
      "--tls-auth-clients",
      "no",
      "--requirepass",
      "p@ss word",
    ];
    valkey = await startValkey({ durable: false, args });
    url = `rediss://:${encodeURIComponent("p@ss word")}@localhost:${port}/3`;
  });
  afterAll(async () => {
    await valkey.close();
    folder.remove();
  });

  it("is spoken to, with password and database number, when its certificate is trusted", async () => {
    const ca = readFileSync(join(folder.path, "certificate"), "utf8");
    const store = await openStore(url, { ca, clientName: "mosaic-test" });
    expect(await store.state.listTasks(["pending"])).toEqual([]);
    expect(await store.link.redis.client("LIST")).toMatch(
      /name=mosaic-test .*db=3.*\n?.*name=mosaic-test-events .*db=3/,
    );
    await store.close();
  });

  it("is not spoken to when its certificate is not trusted, or is another's", async () => {
    expect(await errorOf(openStore(url, { timeoutMs: 1000 }))).toMatchObject({
      code: "unreachable",
      message: expect.stringContaining("self-signed certificate"),
    });
  });
});

/** The same server with an older version's number. */
async function startOlderTwin(port: number): Promise<Server> {
  const server = createServer((client) => {
    const upstream = connectTo(port, "127.0.0.1");
    client.pipe(upstream);
    upstream.on("data", (data) =>
      client.write(data.toString("latin1").replace(/(redis_version:)\d+/, "$16"), "latin1"),
    );
    client.on("close", () => upstream.destroy());
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
