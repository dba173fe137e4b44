import { homedir } from "node:os";
import { basename, dirname } from "node:path";
import type { ToWorker } from "@mosaic/contracts";
import { AttemptFailure } from "@mosaic/domain";
import {
  SANDBOX_HOME,
  SandboxError,
  toolchainMounts,
  type Sandbox,
  type SandboxLimits,
  type SandboxProcess,
  type SandboxSpec,
  type Toolchain,
} from "@mosaic/sandbox";
import type { Runtime, SessionRequest } from "./port.ts";
import type { LineLimits } from "./read-lines.ts";
import { createWorkerSession } from "./worker-session.ts";

export interface SdkWorkerOptions {
  readonly sandbox: Sandbox;
  /** The Node binary agents run with: 22 or newer, for the SDK's toolset. */
  readonly nodePath: string;
  /** The bundled worker (`@mosaic/worker/bundle`). */
  readonly workerBundle: string;
  /** Mosaic's own version: the worker comes with it. */
  readonly version: string;
  readonly limits?: SandboxLimits;
  /** The tools agents may use. Default: `nodePath`, and what is in the system's own folders. */
  readonly toolchain?: Toolchain;
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
  readonly output?: LineLimits;
}

const MEBIBYTE = 1024 * 1024;

/** Room for Node, a type checker and a test run; the worker itself takes 93 MB (research note on runtimes). */
const DEFAULT_LIMITS: SandboxLimits = {
  memoryMb: 2048,
  fileBytes: 512 * MEBIBYTE,
  openFiles: 4096,
  tmpBytes: 512 * MEBIBYTE,
  processes: 1024,
  cpus: 1,
};

/** A line holds one tool call or result, which the worker has cut to size; the rest is room for JSON's escapes. */
const DEFAULT_OUTPUT: LineLimits = { lineBytes: 4 * MEBIBYTE, totalBytes: 256 * MEBIBYTE };

const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

const DEFAULTS = {
  limits: DEFAULT_LIMITS,
  startTimeoutMs: 30_000,
  graceMs: 4_000,
  maxTokens: 32_000,
  maxToolOutputBytes: 65_536,
  streamRetries: 4,
  output: DEFAULT_OUTPUT,
};

const WORKER = "/opt/mosaic/worker.mjs";
const SOCKET_FOLDER = "/run/mosaic";
const TREE = "/tree";

/** Runs agents with our own worker on the Anthropic SDK, as one process inside a sandbox (DESIGN §7). */
export function createSdkWorkerRuntime(given: SdkWorkerOptions): Runtime {
  const options = { ...DEFAULTS, ...given };
  const { sandbox, nodePath } = options;
  let toolchain = options.toolchain === undefined ? null : Promise.resolve(options.toolchain);

  return {
    name: "sdk-worker",
    kind: "sdk-worker",
    status: async () => await Promise.resolve({ installed: true, version: options.version }),
    async start(request, signal) {
      toolchain ??= toolchainMounts({ nodePath, path: SYSTEM_PATH, home: homedir() });
      const spec = specFor(request, await toolchain, options);
      const session = createWorkerSession({
        sandboxed: await startSandbox(sandbox, spec),
        sandbox: sandbox.name,
        memoryMb: spec.limits.memoryMb,
        output: options.output,
        timeoutMs: options.timeoutMs ?? null,
        graceMs: options.graceMs,
      });
      const stop = (): void => void session.kill();
      signal?.addEventListener("abort", stop, { once: true });
      try {
        if (signal?.aborted === true)
          throw new AttemptFailure("killed", "stopped before the agent was ready");
        await session.begin(startMessage(request, spec, options), options.startTimeoutMs);
      } catch (error) {
        // Nobody else knows of this sandbox yet.
        await session.kill();
        throw error;
      } finally {
        signal?.removeEventListener("abort", stop);
      }
      return session;
    },
  };
}

type Options = typeof DEFAULTS & SdkWorkerOptions;

function startMessage(
  request: SessionRequest,
  spec: SandboxSpec,
  { sandbox, maxTokens, maxToolOutputBytes, streamRetries }: Options,
): Extract<ToWorker, { type: "start" }> {
  return {
    type: "start",
    model: request.model,
    system: request.system,
    socketPath: sandbox.resolve(spec, `${SOCKET_FOLDER}/${basename(request.socketPath)}`),
    workdir: sandbox.resolve(spec, TREE),
    maxTokens,
    maxTurns: request.maxTurns,
    maxToolOutputBytes,
    streamRetries,
  };
}

async function startSandbox(sandbox: Sandbox, spec: SandboxSpec): Promise<SandboxProcess> {
  try {
    return await sandbox.start(spec);
  } catch (cause) {
    if (!(cause instanceof SandboxError)) throw cause;
    throw new AttemptFailure("sandbox", `the agent's sandbox cannot be started: ${cause.message}`, { cause });
  }
}

function specFor(
  request: SessionRequest,
  toolchain: Toolchain,
  { workerBundle, limits }: Options,
): SandboxSpec {
  const readOnly = (source: string, target: string) => ({ source, target, writable: false });
  return {
    id: `agent-${request.agentId}`,
    label: `agent:${request.agentId}`,
    command: [toolchain.node, WORKER],
    env: {
      LANG: "C.UTF-8",
      TERM: "dumb",
      // Test runners and package managers ask no questions and draw no progress bars.
      CI: "true",
      ...request.env,
      HOME: SANDBOX_HOME,
      TMPDIR: "/tmp",
      PATH: toolchain.path,
    },
    cwd: TREE,
    mounts: [
      ...request.mounts,
      ...toolchain.mounts,
      readOnly(workerBundle, WORKER),
      // The folder, not the socket: a file that is mounted outlives its removal.
      readOnly(dirname(request.socketPath), SOCKET_FOLDER),
    ],
    scratch: request.scratch,
    limits: request.memoryMb === null ? limits : { ...limits, memoryMb: request.memoryMb },
    ...(request.image === null ? {} : { image: request.image }),
  };
}
