import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { orchestratorRoutes, SpawnRequest } from "@mosaic/contracts";
import { createHttpServer, hashToken, LOOPBACK_HOSTS, newToken } from "@mosaic/http";
import { createLogger, createMetrics } from "@mosaic/telemetry";
import { type BenchCase, median } from "../measure.ts";

const SECONDS = "2";
const ROUNDS = 3;
const BODY = JSON.stringify({
  taskId: "T-1",
  agentType: "worker",
  gateProfile: "standard",
  context: {
    repository: "/srv/repository",
    branch: "main",
    workItems: ["Fix the failing test"],
    skills: ["care"],
  },
  options: { priority: 5, timeout: 600 },
});

async function load(url: string, token: string): Promise<number> {
  const client = fileURLToPath(new URL("../load-client.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [client, `${url}/agents/spawn`, BODY, SECONDS],
    {
      env: { ...process.env, TOKEN: token },
    },
  );
  const { perSecond, refused } = JSON.parse(stdout) as { perSecond: number; refused: number };
  if (refused > 0) throw new Error(`${refused} requests were refused`);
  return perSecond;
}

/** The same parse on bare node:http. */
async function bare(): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      SpawnRequest.parse(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(202, { "content-type": "application/json" });
      response.end(JSON.stringify({ agentId: randomUUID(), status: "spawning" }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const rate = await load(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, "none");
  server.closeAllConnections();
  server.close();
  return rate;
}

/** Our edge with everything it does (token, host, origin, limits, request id, metrics), and nothing behind it. */
async function ours(): Promise<number> {
  const token = newToken();
  const hash = hashToken(token);
  const server = createHttpServer({
    name: "bench",
    logger: createLogger({ name: "bench", level: "silent", redact: (text) => text }),
    metrics: createMetrics({ name: "bench", version: "0" }),
    findToken: async (given) => (given === hash ? { name: "bench", scopes: ["admin"] } : null),
    allowedHosts: LOOPBACK_HOSTS,
    allowedOrigins: [],
  });
  const { spawnAgent } = orchestratorRoutes;
  server.mount(
    { spawnAgent: { ...spawnAgent, rateLimit: 100_000_000 } },
    { spawnAgent: () => ({ agentId: randomUUID(), status: "spawning" as const }) },
  );
  const { url } = await server.listen({ host: "127.0.0.1", port: 0 });
  const rate = await load(url, token);
  await server.close();
  return rate;
}

export const spawnRoute: BenchCase = {
  name: "route",
  async run() {
    const floors: number[] = [];
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      floors.push(await bare());
      rates.push(await ours());
    }
    return [
      {
        what: "route: POST /agents/spawn, nothing behind (floor: node:http + zod)",
        value: median(rates),
        unit: "req/s",
        floor: median(floors),
        bar: { at: "least", of: "ratio", limit: 0.9 },
      },
    ];
  },
};
