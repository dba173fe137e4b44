import { Meta } from "@mosaic/contracts";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CommandLine, createCommandLine, type Running } from "./command-line.ts";

const FREE_PORTS = { ORCHESTRATOR_PORT: "0", COORDINATOR_PORT: "0", API_PORT: "0" };

let cli: CommandLine;

beforeEach(() => {
  cli = createCommandLine({ ...FREE_PORTS, MOSAIC_SHUTDOWN_GRACE_SECONDS: "0" });
});

afterEach(() => cli.dispose());

interface Ready {
  readonly home: string;
  readonly orchestratorUrl: string;
  readonly coordinatorUrl: string;
  readonly apiUrl: string;
  readonly tokenFile: string;
  readonly warnings: readonly string[];
}

/** Starts Mosaic and waits until it serves. */
async function start(): Promise<Running & { readonly ready: Ready }> {
  const running = cli.start(["up", "--json"]);
  const line = Promise.withResolvers<string>();
  let text = "";
  running.child.stdout.on("data", (chunk: string) => {
    text += chunk;
    if (text.includes("\n")) line.resolve(text);
  });
  const ended = running.exited.then((end) => {
    throw new Error(`mosaic up ended (${String(end.code)}):\n${end.stderr}`);
  });
  return { ...running, ready: JSON.parse(await Promise.race([line.promise, ended])) as Ready };
}

/** What a plane says of its sandbox to those with the token. */
async function sandboxOf(url: string, { tokenFile }: Ready) {
  const authorization = `Bearer ${readFileSync(tokenFile, "utf8").trim()}`;
  return Meta.parse(await (await fetch(`${url}/v1/meta`, { headers: { authorization } })).json()).sandbox;
}

describe("mosaic up", () => {
  it("serves three planes, lets the client in with its token, and stops gracefully on a signal", async () => {
    const { child, exited, printed, ready } = await start();
    await printed("Ctrl-C stops it gracefully");
    expect(ready.home).toBe(cli.home);
    expect(statSync(ready.tokenFile).mode & 0o777).toBe(0o600);
    expect(ready.warnings.join()).toContain("scripted");

    const client = { MOSAIC_URL: ready.orchestratorUrl };
    const doctor = await cli.run(["doctor"], client);
    expect(doctor.stdout).not.toContain("broken");
    expect(doctor.code).toBe(0);
    expect(JSON.parse((await cli.run(["ls", "--json"], client)).stdout)).toEqual({
      items: [],
      nextCursor: null,
    });
    expect((await cli.run(["queue", "pause"], client)).stdout).toBe("paused\n");
    for (const url of [ready.orchestratorUrl, ready.coordinatorUrl, ready.apiUrl]) {
      expect((await fetch(`${url}/health/ready`)).status).toBe(200);
      expect((await fetch(`${url}/v1/meta`)).status).toBe(401);
    }
    const [sandbox, ofGates, ofApi] = await Promise.all(
      [ready.orchestratorUrl, ready.coordinatorUrl, ready.apiUrl].map((url) => sandboxOf(url, ready)),
    );
    expect(sandbox).toMatchObject({ isolates: true, limits: { memory: expect.any(String) } });
    expect(ofGates).toEqual(sandbox);
    expect(ofApi).toBeNull();
    expect(doctor.stdout).toContain(sandbox?.name);

    child.kill("SIGTERM");
    const { code, stderr } = await exited;
    expect(code).toBe(0);
    expect(stderr).toContain("SIGTERM: stopping");
    expect(stderr.trimEnd().split("\n").at(-1)).toBe("stopped");
  });

  it("refuses a data folder that another one uses, and names it; the first goes on", async () => {
    const { child, exited, ready } = await start();
    const second = await cli.run(["up"]);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain(`process ${String(child.pid)}`);
    expect((await cli.run(["ls"], { MOSAIC_URL: ready.orchestratorUrl })).code).toBe(0);
    child.kill("SIGINT");
    expect((await exited).code).toBe(0);
  });

  it("names the process that has its port, and leaves the data folder free", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => void other.once("listening", resolve));
    const port = (other.address() as AddressInfo).port;
    const { code, stderr } = await cli.run(["up"], { API_PORT: String(port) });
    expect(code).toBe(1);
    expect(stderr).toContain(`port ${port}: another process already listens there`);
    expect(stderr).toContain(`Process ${process.pid} `);
    await new Promise((resolve) => void other.close(resolve));
    const { child, exited } = await start();
    child.kill("SIGTERM");
    expect((await exited).code).toBe(0);
  });

  it("lists everything that is wrong with the configuration, and touches nothing", async () => {
    const { code, stderr } = await cli.run(["up"], { API_PORT: "many", YOLO_MODE: "perhaps" });
    expect(code).toBe(1);
    expect(stderr).toContain("API_PORT: ");
    expect(stderr).toContain("YOLO_MODE: ");
    expect(readdirSync(cli.home)).toEqual([]);
  });
});
