import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createClient } from "@mosaic/client";
import { orchestratorRoutes, type StoredEvent } from "@mosaic/contracts";
import type { OrchestratorClient } from "./system.ts";

const MOSAIC = fileURLToPath(new URL("../apps/cli/bin/mosaic.mjs", import.meta.url));

/** `mosaic up` as a process of its own. */
export interface MosaicProcess {
  readonly child: ChildProcess;
  readonly client: OrchestratorClient;
  /** Runs another command of the CLI against it; answers with everything it printed. */
  run(...args: readonly string[]): Promise<{ readonly code: number; readonly printed: string }>;
  /** Waits for an event of an agent; looks at what was stored before, too. */
  seen(agentId: string, ...types: readonly StoredEvent["type"][]): Promise<StoredEvent>;
  /** Asks it to stop, and waits until it has. */
  stop(): Promise<void>;
}

/** Starts `mosaic up` on `home`; resolves when it serves. */
export async function startMosaic(
  home: string,
  upstream: string,
  env: Readonly<Record<string, string>> = {},
): Promise<MosaicProcess> {
  const own = { PATH: process.env["PATH"], HOME: home, MOSAIC_HOME: home };
  const child = spawn(process.execPath, [MOSAIC, "up", "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...own,
      ORCHESTRATOR_PORT: "0",
      COORDINATOR_PORT: "0",
      API_PORT: "0",
      MOSAIC_MODEL_UPSTREAM: upstream,
      MOSAIC_RETRY_BASE_MS: "1",
      MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
      ...env,
    },
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { orchestratorUrl } = JSON.parse(line) as { orchestratorUrl: string };
  const token = (await readFile(join(home, "cli-token"), "utf8")).trim();
  const client = createClient({ baseUrl: orchestratorUrl, token, routes: orchestratorRoutes });
  return {
    child,
    client,
    run: (...args) => command(args, { ...own, MOSAIC_URL: orchestratorUrl, MOSAIC_TOKEN: token }),
    async seen(agentId, ...types) {
      const stop = new AbortController();
      try {
        const query = { agent: agentId, transcript: "true" as const };
        for await (const item of client.streamEvents({ lastEventId: 0, query, signal: stop.signal })) {
          if (item.kind === "event" && types.includes(item.event.type)) return item.event;
        }
      } finally {
        stop.abort();
      }
      throw new Error(`the stream of ${agentId} ended`);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}

/** Runs the CLI once. */
export function command(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd?: string,
): Promise<{ readonly code: number; readonly printed: string }> {
  return new Promise((resolve) => {
    const options = { env, cwd, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [MOSAIC, ...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
      resolve({ code, printed: stdout + stderr });
    });
  });
}
