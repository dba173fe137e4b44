import { z } from "zod";
import { absolutePath, boolean, httpUrl, integer, list, text } from "./readers.ts";
import { variable } from "./variable.ts";

/** The model, the agents, the queue, sandboxes, git and gates. */
export const WORK_VARIABLES = {
  apiKey: variable({
    names: ["CLAUDE_API_KEY", "ANTHROPIC_API_KEY"],
    schema: z.string().regex(/^[\x21-\x7e]{8,400}$/, "must be visible characters without spaces"),
    default: undefined,
    group: "Model",
    description:
      "Key of the model's API. It stays in the gateway and never reaches an agent. Without it the model is the scripted one.",
    secret: true,
  }),
  modelBaseUrl: variable({
    names: ["ANTHROPIC_BASE_URL"],
    schema: httpUrl,
    default: "https://api.anthropic.com",
    group: "Model",
    description: "Any server that speaks the Messages API.",
  }),
  modelUpstream: variable({
    names: ["MOSAIC_MODEL_UPSTREAM"],
    schema: z.string().regex(/^(anthropic|replay:[\w./-]+)$/, "must be anthropic or replay:<scenario>"),
    default: undefined,
    group: "Model",
    description:
      "`anthropic`, or `replay:<scenario>` for the scripted model. Default: anthropic when there is a key, else `replay:tour`.",
  }),
  models: variable({
    names: ["MOSAIC_MODELS"],
    schema: list.pipe(z.array(text).min(1)),
    default: "claude-sonnet-5-5,claude-opus-5-5,claude-haiku-5-5",
    group: "Model",
    description: "Models agents may use; the first is the default.",
  }),
  maxOutputTokens: variable({
    names: ["MOSAIC_MAX_OUTPUT_TOKENS"],
    schema: integer(256, 128_000),
    default: "32000",
    group: "Model",
    description: "Upper bound of `max_tokens` in one request; larger values are clamped.",
  }),
  pricesFile: variable({
    names: ["MOSAIC_PRICES_FILE"],
    schema: absolutePath,
    default: undefined,
    group: "Model",
    description:
      "JSON file that replaces the built-in price table (same shape: version, models, fallback; US dollars per million tokens).",
  }),
  defaultRuntime: variable({
    names: ["MOSAIC_DEFAULT_RUNTIME"],
    schema: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, "must be the name of a runtime"),
    default: "sdk-worker",
    group: "Agents",
    description: "What runs the agents of tasks that name no runtime; `mosaic runtime ls` lists them.",
  }),
  runtimesFile: variable({
    names: ["MOSAIC_RUNTIMES_FILE"],
    schema: absolutePath,
    default: undefined,
    group: "Agents",
    description: "JSON file with further runtimes: agents of other vendors (acp), and programs (command).",
  }),
  runtimesFolder: variable({
    names: ["MOSAIC_RUNTIMES_FOLDER"],
    schema: absolutePath,
    default: undefined,
    group: "Agents",
    description:
      "Where `mosaic runtime install` puts what runtimes need, and agents find it; unset: `runtimes` in MOSAIC_HOME.",
  }),
  agentTimeout: variable({
    names: ["MOSAIC_AGENT_TIMEOUT_SECONDS"],
    schema: integer(1, 86_400),
    default: "3600",
    group: "Agents",
    description: "Longest time of one attempt; a request may ask for less.",
  }),
  maxTurns: variable({
    names: ["MOSAIC_AGENT_MAX_TURNS"],
    schema: integer(1, 500),
    default: "100",
    group: "Agents",
    description: "Requests that the model answers in one prompt.",
  }),
  maxAttempts: variable({
    names: ["MOSAIC_AGENT_MAX_ATTEMPTS"],
    schema: integer(1, 10),
    default: "3",
    group: "Agents",
    description: "Prompts an agent gets until its work passes: the first, and rejections fed back.",
  }),
  maxRetries: variable({
    names: ["MOSAIC_AGENT_MAX_RETRIES"],
    schema: integer(0, 10),
    default: "3",
    group: "Agents",
    description: "New attempts after a fault of the machinery (not after a rejection).",
  }),
  retryBaseMs: variable({
    names: ["MOSAIC_RETRY_BASE_MS"],
    schema: integer(1, 3_600_000),
    default: "2000",
    group: "Agents",
    description: "Milliseconds before the first retry; doubled each time, with jitter, up to 5 minutes.",
  }),
  cancelGrace: variable({
    names: ["MOSAIC_CANCEL_GRACE_SECONDS"],
    schema: integer(0, 600),
    default: "10",
    group: "Agents",
    description: "Time an agent gets to stop when it is cancelled or has reached a limit; then it is killed.",
  }),
  agentSilence: variable({
    names: ["MOSAIC_AGENT_SILENCE_SECONDS"],
    schema: integer(1, 86_400),
    default: "900",
    group: "Agents",
    description:
      "Longest time in a turn without a sign of life from the agent or its model; then it is stopped as `stuck`.",
  }),
  agentLoopLimit: variable({
    names: ["MOSAIC_AGENT_LOOP_LIMIT"],
    schema: integer(2, 1000),
    default: "8",
    group: "Agents",
    description:
      "Times an agent may make the same tool call (or cycle of up to three) with the same result in a row; then it is stopped as `stuck`.",
  }),
  agentDiskMb: variable({
    names: ["MOSAIC_AGENT_DISK_MB"],
    schema: integer(1, 1_048_576),
    default: "8192",
    group: "Agents",
    description: "Disk an agent's workspace may take, its checkout included, in megabytes.",
  }),
  agentOutputMb: variable({
    names: ["MOSAIC_AGENT_OUTPUT_MB"],
    schema: integer(1, 65_536),
    default: "256",
    group: "Agents",
    description: "What an agent's process may write to the orchestrator in all, in megabytes.",
  }),
  yolo: variable({
    names: ["YOLO_MODE"],
    schema: boolean,
    default: "false",
    group: "Agents",
    description: "true skips every gate. Audited, and every surface warns.",
  }),
  shutdownGrace: variable({
    names: ["MOSAIC_SHUTDOWN_GRACE_SECONDS"],
    schema: integer(0, 3600),
    default: "10",
    group: "Agents",
    description: "Time running agents get when the process is asked to stop.",
  }),
  maxConcurrentAgents: variable({
    names: ["MAX_CONCURRENT_AGENTS"],
    schema: integer(1, 1000),
    default: "2",
    group: "Queue",
    description: "Agents at work at once, over all orchestrators.",
  }),
  queueConcurrency: variable({
    names: ["ORCHESTRATOR_QUEUE_CONCURRENCY"],
    schema: integer(1, 1000),
    default: "1",
    group: "Queue",
    description: "Agents at work at once in this orchestrator.",
  }),
  queueMaxPending: variable({
    names: ["MOSAIC_QUEUE_MAX_PENDING"],
    schema: integer(1, 10_000_000),
    default: "1000",
    group: "Queue",
    description: "Tasks that may wait; beyond it a spawn is answered with 429.",
  }),
  leaseSeconds: variable({
    names: ["MOSAIC_LEASE_SECONDS"],
    schema: integer(2, 3600),
    default: "15",
    group: "Queue",
    description: "How long a claim lasts without a heartbeat.",
  }),
  heartbeatSeconds: variable({
    names: ["MOSAIC_HEARTBEAT_SECONDS"],
    schema: integer(1, 600),
    default: "5",
    group: "Queue",
    description:
      "How often an orchestrator says that it is there; after three that were missed it is taken for lost.",
  }),
  storePatience: variable({
    names: ["MOSAIC_STORE_PATIENCE_SECONDS"],
    schema: integer(0, 3600),
    default: "120",
    group: "Queue",
    description:
      "How long agents go on while Valkey or PostgreSQL cannot be reached; then they are stopped, and their tasks retried. Distributed installations only.",
  }),
  storeWait: variable({
    names: ["MOSAIC_STORE_WAIT_SECONDS"],
    schema: integer(0, 3600),
    default: "30",
    group: "Queue",
    description:
      "How long a start waits for Valkey and PostgreSQL before it gives up. Distributed installations only.",
  }),
} as const;
