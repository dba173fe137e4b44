import { basename, dirname } from "node:path";
import type { ToWorker } from "@mosaic/contracts";
import type { SandboxSpec } from "@mosaic/sandbox";
import { createAgentSandboxes, socketInside, TREE, type AgentSandboxOptions } from "../agent-sandbox.ts";
import { beginSession } from "../begin-session.ts";
import type { Runtime, SessionRequest } from "../port.ts";
import { DEFAULT_OUTPUT, type LineLimits } from "../read-lines.ts";
import { createWorkerSession } from "./worker-session.ts";

export interface SdkWorkerOptions extends AgentSandboxOptions {
  /** The bundled worker (`@mosaic/worker/bundle`), in a folder of its own. */
  readonly workerBundle: string;
  /** Mosaic's own version: the worker comes with it. */
  readonly version: string;
  /** Milliseconds one turn may take. Default: no limit but the caller's signal. */
  readonly timeoutMs?: number;
  /** Milliseconds until a worker must be ready. Default 30,000. */
  readonly startTimeoutMs?: number;
  /** Milliseconds between asking a turn to stop and killing it. Default 4,000. */
  readonly graceMs?: number;
  /** Largest `max_tokens` the worker asks for; the gateway may clamp it further. Default 32,000. */
  readonly maxTokens?: number;
  /** Tool output a model gets to see, in bytes; the middle of longer output is cut out. Default 65,536. */
  readonly maxToolOutputBytes?: number;
  /** Times in a row that a broken answer is asked for again. Default 4. */
  readonly streamRetries?: number;
  /** A line holds one tool call or result, which the worker has cut to size; the rest is room for JSON's escapes. */
  readonly output?: LineLimits;
}

const DEFAULTS = {
  startTimeoutMs: 30_000,
  graceMs: 4_000,
  maxTokens: 32_000,
  maxToolOutputBytes: 65_536,
  streamRetries: 4,
  output: DEFAULT_OUTPUT,
};

/** Its folder: the bundle is an entry with what it reads. */
const WORKER = "/opt/mosaic/worker";

/** Runs agents with our own worker on the Anthropic SDK, as one process inside a sandbox (DESIGN §7). */
export function createSdkWorkerRuntime(given: SdkWorkerOptions): Runtime {
  const options = { ...DEFAULTS, ...given };
  const { sandbox, workerBundle } = options;
  const sandboxes = createAgentSandboxes(options);

  return {
    name: "sdk-worker",
    kind: "sdk-worker",
    status: async () => await Promise.resolve({ installed: true, version: options.version }),
    async start(request, signal) {
      const spec = await sandboxes.describe(request, (node) => ({
        command: [node, `${WORKER}/${basename(workerBundle)}`],
        mounts: [{ source: dirname(workerBundle), target: WORKER, writable: false }],
        env: {},
      }));
      const agent = createWorkerSession({
        sandboxed: await sandboxes.start(spec),
        sandbox: sandbox.name,
        memoryMb: spec.limits.memoryMb,
        output: options.output,
        beginPrompt: request.beginPrompt,
        timeoutMs: options.timeoutMs ?? null,
        graceMs: options.graceMs,
      });
      const start = startMessage(request, spec, options);
      return beginSession(agent.session, () => agent.begin(start, options.startTimeoutMs), signal);
    },
  };
}

function startMessage(
  request: SessionRequest,
  spec: SandboxSpec,
  { sandbox, maxTokens, maxToolOutputBytes, streamRetries }: typeof DEFAULTS & SdkWorkerOptions,
): Extract<ToWorker, { type: "start" }> {
  return {
    type: "start",
    model: request.model,
    system: request.system,
    socketPath: sandbox.resolve(spec, socketInside(request)),
    workdir: sandbox.resolve(spec, TREE),
    maxTokens,
    maxTurns: request.maxTurns,
    maxToolOutputBytes,
    streamRetries,
    mcpServers: request.mcpServers.map(({ name, command, env }) => ({
      name,
      // Without isolation the inside's paths are others.
      command: command.map((part) => (part.startsWith("/") ? sandbox.resolve(spec, part) : part)),
      env: { ...env },
    })),
  };
}
