import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@mosaic/client";
import { loadConfig } from "@mosaic/config";
import { orchestratorRoutes } from "@mosaic/contracts";
import { newToken } from "@mosaic/http";
import { createLogger } from "@mosaic/telemetry";
import { eventPrinter } from "../commands/follow.ts";
import { followAgent } from "../follow/follow-agent.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { createLogFile } from "../up/log-file.ts";
import { type Planes, startPlanes } from "../up/planes.ts";
import { redactionOf } from "../up/redaction.ts";
import { makeDemoRepository, type DemoRepository } from "./demo-repository.ts";
import { report } from "./report.ts";

const TASK = "Make the failing test pass. `npm test` shows which one it is.";

interface DemoOptions {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/**
 * The main job, end to end, on a fresh data folder: repository, worktree, sandboxed agent, gates, a rejection that is
 * repaired, push. Answers with the exit code.
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const { terminal, env } = options;
  const started = options.now();
  const folder = await mkdtemp(join(tmpdir(), "mosaic-demo-"));
  const token = newToken();
  const config = demoConfig(env, { home: join(folder, "home"), token });
  sayModel(terminal, config.replayScenario, config.models[0] ?? "");
  const repository = await makeDemoRepository(folder, config.hostPath);
  terminal.line(`repository  ${repository.remote}, a TypeScript library with one failing test`);

  await mkdir(config.home, { mode: 0o700 });
  const log = createLogFile(config.home);
  const logger = createLogger({
    name: "demo",
    level: config.logLevel,
    redact: redactionOf(config),
    destination: log,
  });
  const planes = await startPlanes({ config, logger });
  try {
    return await work(options, { planes, token, repository, started, folder });
  } finally {
    await planes.close();
    log.close();
  }
}

function demoConfig(env: DemoOptions["env"], fresh: { home: string; token: string }) {
  const hasKey = (env["CLAUDE_API_KEY"] ?? env["ANTHROPIC_API_KEY"] ?? "") !== "";
  return loadConfig({
    ...env,
    ...(hasKey ? {} : { MOSAIC_MODEL_UPSTREAM: env["MOSAIC_MODEL_UPSTREAM"] ?? "replay:fix-failing-test" }),
    MOSAIC_HOME: fresh.home,
    MOSAIC_ADMIN_TOKEN: fresh.token,
    MOSAIC_SHUTDOWN_GRACE_SECONDS: "0",
    ORCHESTRATOR_PORT: "0",
    COORDINATOR_PORT: "0",
    API_PORT: "0",
  });
}

function sayModel(terminal: Terminal, scenario: string | null, model: string): void {
  if (scenario === null) {
    terminal.line(`model       ${model}, through the API key in your environment`);
    return;
  }
  terminal.line(
    `model       SCRIPTED (replay:${scenario}): no API key is set, so a scripted Messages server answers.`,
  );
  terminal.line(
    "            Everything else is the real thing. With CLAUDE_API_KEY set, the real model does the work.",
  );
}

interface Running {
  readonly planes: Planes;
  readonly token: string;
  readonly repository: DemoRepository;
  readonly started: number;
  readonly folder: string;
}

async function work(options: DemoOptions, running: Running): Promise<number> {
  const { terminal, signal, now } = options;
  const { planes, repository } = running;
  terminal.line(`planes      ${planes.orchestrator.url} · ${planes.coordinator.url} · ${planes.api.url}`);
  // Which model answers was said first of all.
  const warnings = planes.warnings.filter((warning) => !warning.includes(planes.model));
  for (const warning of warnings) terminal.warn(cleanLine(warning));
  const client = createClient({
    baseUrl: planes.orchestrator.url,
    token: running.token,
    routes: orchestratorRoutes,
  });
  const { agentId } = await client.call("spawnAgent", {
    body: {
      taskId: "demo",
      agentType: "worker",
      context: { repository: repository.remote, branch: repository.branch, workItems: [TASK] },
    },
  });
  terminal.line(`task        ${TASK}`);
  terminal.line("");
  const agent = await followAgent({
    client,
    agentId,
    signal,
    now,
    onEvent: eventPrinter(terminal),
    onRetry: () => terminal.say("another attempt follows"),
    say: (text) => terminal.say(text),
  });
  return report(terminal, client, { ...running, agent, tookMs: now() - running.started });
}
