import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createServer, connect, type AddressInfo, type Server } from "node:net";
import { once } from "node:events";
import { lookup } from "node:dns/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBubblewrapSandbox } from "../bubblewrap/create.ts";
import { createNoneSandbox } from "../none/create.ts";
import { collect, type Collected } from "../collect.ts";
import type { Sandbox } from "../port.ts";
import { toolchainMounts } from "../toolchain/mounts.ts";
import { createEgressProxy, type EgressDecision, type EgressProxyOptions } from "./proxy.ts";
import { withEgress } from "./with-egress.ts";

const REGISTRY = "registry.npmjs.org";

let folder = "";
let upstream: Server;
let decisions: EgressDecision[] = [];

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "mosaic-egress-"));
  await mkdir(path.join(folder, "door"));
  await mkdir(path.join(folder, "out"));
  decisions = [];
  upstream = createServer((socket) => socket.on("error", () => undefined).pipe(socket));
  upstream.listen(0, "127.0.0.1");
  await once(upstream, "listening");
});
afterEach(async () => {
  upstream.close();
  await rm(folder, { recursive: true });
});

interface Run {
  readonly sandbox: Sandbox;
  readonly command: readonly [string, ...string[]];
  readonly proxy: Partial<EgressProxyOptions>;
}

/** Runs a command with a proxy as its only way out. */
async function run({ sandbox, command, proxy }: Run): Promise<Collected> {
  const caFile = process.env["NODE_EXTRA_CA_CERTS"];
  const toolchain = await toolchainMounts({
    nodePath: process.execPath,
    path: process.env["PATH"] ?? "",
    home: folder,
  });
  const egress = await createEgressProxy({
    socketPath: path.join(folder, "door", "s"),
    allow: [REGISTRY],
    onDecision: (decision) => decisions.push(decision),
    ...proxy,
  });
  const spec = {
    id: "egress",
    label: "prepare",
    command,
    env: { PATH: toolchain.path, HOME: "/home/mosaic", NPM_CONFIG_UPDATE_NOTIFIER: "false" },
    cwd: "/out",
    mounts: [...toolchain.mounts, { source: path.join(folder, "out"), target: "/out", writable: true }],
    scratch: [],
    limits: {
      memoryMb: 512,
      fileBytes: 100_000_000,
      openFiles: 512,
      tmpBytes: 100_000_000,
      processes: 256,
      cpus: 1,
    },
  };
  const options = { socketPath: egress.socketPath, node: toolchain.node };
  const running = await sandbox.start(
    withEgress(spec, caFile === undefined ? options : { ...options, caFile }),
  );
  const result = await collect(running, { maxBytes: 1_000_000, timeoutMs: 60_000 });
  await egress.close();
  return result;
}

/** Asks the proxy for two hosts, and sends something through the one that is allowed. */
const ASK = `
  const { request } = require("node:http");
  const proxy = new URL(process.env.HTTPS_PROXY);
  const ask = (path, then) => request({ host: proxy.hostname, port: proxy.port, method: "CONNECT", path })
    .on("connect", (response, socket) => then(response.statusCode, socket)).end();
  ask("example.com:443", (refused, socket) => {
    socket.destroy();
    ask("${REGISTRY}:443", (allowed, tunnel) => {
      tunnel.on("data", (data) => { console.log(refused, allowed, String(data)); process.exit(5); });
      tunnel.write("hello");
    });
  });`;

describe("a command with egress", () => {
  it.each([
    ["bubblewrap", () => createBubblewrapSandbox()],
    ["none", () => createNoneSandbox()],
  ])("reaches the listed hosts through the relay, and ends as itself (%s)", async (_name, open) => {
    const result = await run({
      sandbox: open(),
      command: ["node", "-e", ASK],
      proxy: {
        resolve: async () => await Promise.resolve(["203.0.113.80"]),
        dial: () => connect((upstream.address() as AddressInfo).port, "127.0.0.1"),
      },
    });
    expect(result.stdout.toString()).toBe("403 200 hello\n");
    expect(result.code).toBe(5);
  });

  it("ends with the code shells give to a signal, or to an unknown command", async () => {
    const sandbox = createBubblewrapSandbox();
    expect(await run({ sandbox, command: ["sh", "-c", "kill -TERM $$"], proxy: {} })).toMatchObject({
      code: 143,
    });
    expect(await run({ sandbox, command: ["no-such-command"], proxy: {} })).toMatchObject({ code: 127 });
  });

  it("installs a package from the registry, which is the only host it reaches", async ({ skip }) => {
    const reachable = await lookup(REGISTRY).then(
      () => true,
      () => false,
    );
    // In CI a registry that cannot be reached is a failure, not a reason to look away.
    if (!reachable && process.env["CI"] !== "true") skip(`${REGISTRY} cannot be resolved here`);
    const install = "npm install is-number@7.0.0 --ignore-scripts --no-audit --no-fund";
    const others = "for h in example.com 169.254.169.254 127.0.0.1; do curl -sS https://$h/ 2>&1; done";
    const result = await run({
      sandbox: createBubblewrapSandbox(),
      command: ["sh", "-c", `${install} && { ${others}; true; }`],
      proxy: {},
    });
    expect(result.stderr.toString()).toBe("");
    expect(result.code).toBe(0);
    const manifest = await readFile(path.join(folder, "out/node_modules/is-number/package.json"), "utf8");
    expect(manifest).toContain('"7.0.0"');
    expect(decisions.filter((decision) => decision.allowed).map((decision) => decision.target)).toContain(
      `${REGISTRY}:443`,
    );
    expect(decisions.filter((decision) => !decision.allowed).map((decision) => decision.target)).toEqual([
      "example.com:443",
      "169.254.169.254:443",
    ]);
  });
});
