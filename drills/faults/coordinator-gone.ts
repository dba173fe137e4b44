import { tmpdir } from "node:os";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createClient } from "@mosaic/client";
import { orchestratorRoutes } from "@mosaic/contracts";
import { processesMentioning } from "@mosaic/testing";
import { TINY_REPOSITORY } from "../../tests/tiny-repository.ts";
import { makePlace, taskOf } from "../crash/place.ts";
import { settle } from "../crash/settle.ts";
import type { ScenarioResult } from "../drill.ts";
import { scenarioFile } from "../mosaic-process.ts";
import { expectSays, lastAttempt, scenarioOf, seen } from "./outcome.ts";

const TOKEN = "drill-token-of-the-two-planes-01";
/** What a gate that never ends is known by. */
const MARKER = "3153701";

/** The planes as processes of their own, and one of them is killed while a gate runs. */
export function coordinatorGone(): Promise<ScenarioResult> {
  return scenarioOf(async (found) => {
    const place = await makePlace();
    const { home, git } = place;
    const remote = await git.remote({ ...TINY_REPOSITORY, "lint.js": `setTimeout(() => {}, ${MARKER});\n` });
    const [coordinatorPort, orchestratorPort] = [await freePort(), await freePort()];
    const env = {
      PATH: process.env["PATH"],
      HOME: home,
      MOSAIC_HOME: home,
      MOSAIC_ADMIN_TOKEN: TOKEN,
      COORDINATOR_PORT: String(coordinatorPort),
      ORCHESTRATOR_PORT: String(orchestratorPort),
      COORDINATOR_URL: `http://127.0.0.1:${coordinatorPort}`,
      MOSAIC_MODEL_UPSTREAM: scenarioFile("repaired-at-once"),
      MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
      // An orchestrator that runs alone lets nobody name any path, not even an admin.
      MOSAIC_LOCAL_REPOSITORIES: tmpdir(),
    };
    const coordinator = await start("coordinator", env);
    const orchestrator = await start("orchestrator", env);
    try {
      const client = createClient({
        baseUrl: `http://127.0.0.1:${orchestratorPort}`,
        token: TOKEN,
        routes: orchestratorRoutes,
      });
      const { agentId } = await client.call("spawnAgent", { body: taskOf("t", remote) });
      await seen(client, agentId, "gates.started");
      const gates = await runningGates();
      if (gates === 0) found.violations.push("no gate was ever running");
      await end(coordinator, "SIGKILL");
      if (!(await settle(client, home))) found.losses.push("work was left");
      const agent = await lastAttempt(client, "t");
      if (agent.status !== "failed" || agent.reason !== "gates_unavailable")
        found.violations.push(`the agent is ${agent.status} (${agent.reason})`);
      expectSays(found, "the failure", {
        text: agent.error ?? "",
        says: /coordinator at .* cannot be reached/,
      });
      const diff = await client.call("getAgentDiff", { params: { agentId } });
      if (!diff.patch.includes("return a + b;")) found.losses.push("the work is not kept");
      const refs = await git.git(remote, "for-each-ref", "--format=%(refname)");
      if (refs !== "refs/heads/main") found.violations.push(`the remote has ${refs}`);
      for (const pid of await processesMentioning("lint.js"))
        found.survivors.push(`process ${pid} of a gate`);
    } finally {
      await end(orchestrator, "SIGTERM");
      await end(coordinator, "SIGKILL");
      await place.dispose();
    }
  });
}

async function runningGates(): Promise<number> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    const found = await processesMentioning("lint.js");
    if (found.length > 0) return found.length;
  }
  return 0;
}

/** Starts one plane, and waits until its log says that it listens. */
async function start(plane: "coordinator" | "orchestrator", env: NodeJS.ProcessEnv): Promise<ChildProcess> {
  const main = fileURLToPath(new URL(`../../apps/${plane}/src/main.ts`, import.meta.url));
  const child = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (data: Buffer) => {
      log += data.toString();
      if (log.includes(`the ${plane} listens`)) resolve();
    });
    child.once("exit", () => reject(new Error(`the ${plane} ended: ${log}`)));
  });
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
