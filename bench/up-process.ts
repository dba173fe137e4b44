import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MOSAIC = fileURLToPath(new URL("../apps/cli/bin/mosaic.mjs", import.meta.url));

export interface UpProcess {
  readonly child: ChildProcess;
  readonly orchestratorUrl: string;
  readonly startedInMs: number;
}

/** `mosaic up` as a process of its own; resolves when it says that it serves. */
export async function startUpProcess(home: string, upstream: string): Promise<UpProcess> {
  const started = performance.now();
  const child = spawn(process.execPath, [MOSAIC, "up", "--json", "--quiet"], {
    stdio: ["ignore", "pipe", "ignore"],
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      MOSAIC_HOME: home,
      // Compiled code is kept between starts, as on any machine where it was started before.
      XDG_CACHE_HOME: join(tmpdir(), "mosaic-bench-cache"),
      ORCHESTRATOR_PORT: "0",
      COORDINATOR_PORT: "0",
      API_PORT: "0",
      // Not what happens to run on the machine.
      SANDBOX_RUNTIME: "bubblewrap",
      MOSAIC_MODEL_UPSTREAM: upstream,
    },
  });
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const { orchestratorUrl } = JSON.parse(line) as { orchestratorUrl: string };
  return { child, orchestratorUrl, startedInMs: performance.now() - started };
}

/** Ends a process and waits for it. */
export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

/** Resident memory of a process, in MiB. */
export async function residentMiB(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
