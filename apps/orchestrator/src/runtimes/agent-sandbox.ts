import { homedir } from "node:os";
import { basename, dirname } from "node:path";
import { AttemptFailure } from "@mosaic/domain";
import {
  SANDBOX_HOME,
  SandboxError,
  toolchainInImage,
  toolchainMounts,
  withEgress,
  type Mount,
  type Sandbox,
  type SandboxLimits,
  type SandboxProcess,
  type SandboxSpec,
  type Toolchain,
} from "@mosaic/sandbox";
import type { SessionRequest } from "./port.ts";

/** The agent's tree, inside. */
export const TREE = "/tree";
const SOCKET_FOLDER = "/run/mosaic";

export interface AgentSandboxOptions {
  readonly sandbox: Sandbox;
  /** The Node binary agents get: 22 or newer, for the SDK's toolset. */
  readonly nodePath: string;
  readonly limits?: SandboxLimits | undefined;
  /** The tools agents may use. Default: `nodePath`, and what is in the system's own folders. */
  readonly toolchain?: Toolchain | undefined;
}

/** What runs in an agent's sandbox, and what it needs there beside the agent's own things. */
export interface AgentProgram {
  readonly command: readonly [string, ...string[]];
  readonly mounts: readonly Mount[];
  readonly env: Readonly<Record<string, string>>;
}

/** Sandboxes of agents, alike for every runtime: tree, tools, gateway socket, limits. */
export interface AgentSandboxes {
  /** The sandbox for a request. `program` is told the node binary inside. */
  describe(request: SessionRequest, program: (node: string) => AgentProgram): Promise<SandboxSpec>;
  /** @throws AttemptFailure `sandbox` */
  start(spec: SandboxSpec): Promise<SandboxProcess>;
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

const SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin";

/** Path of the gateway's socket inside. */
export function socketInside(request: SessionRequest): string {
  return `${SOCKET_FOLDER}/${basename(request.socketPath)}`;
}

export function createAgentSandboxes(options: AgentSandboxOptions): AgentSandboxes {
  const { sandbox, nodePath, limits = DEFAULT_LIMITS } = options;
  let toolchain = options.toolchain === undefined ? null : Promise.resolve(options.toolchain);

  return {
    async describe(request, program) {
      toolchain ??= toolchainMounts({ nodePath, path: SYSTEM_PATH, home: homedir() });
      const tools = request.image === null ? await toolchain : toolchainInImage(await toolchain);
      const spec = specFor(request, { tools, program: program(tools.node), limits });
      if (request.egress === null) return spec;
      const { socketPath, caFile } = request.egress;
      return withEgress(spec, { socketPath, node: tools.node, ...(caFile === null ? {} : { caFile }) });
    },
    async start(spec) {
      try {
        return await sandbox.start(spec);
      } catch (cause) {
        if (!(cause instanceof SandboxError)) throw cause;
        throw new AttemptFailure("sandbox", `the agent's sandbox cannot be started: ${cause.message}`, {
          cause,
        });
      }
    },
  };
}

function specFor(
  request: SessionRequest,
  { tools, program, limits }: { tools: Toolchain; program: AgentProgram; limits: SandboxLimits },
): SandboxSpec {
  return {
    id: `agent-${request.agentId}`,
    label: `agent:${request.agentId}`,
    command: program.command,
    env: {
      LANG: "C.UTF-8",
      TERM: "dumb",
      // Test runners and package managers ask no questions and draw no progress bars.
      CI: "true",
      ...request.env,
      ...program.env,
      HOME: SANDBOX_HOME,
      TMPDIR: "/tmp",
      PATH: [...request.path, tools.path].join(":"),
    },
    cwd: TREE,
    mounts: [
      ...request.mounts,
      ...tools.mounts,
      ...program.mounts,
      // The folder, not the socket: a file that is mounted outlives its removal.
      { source: dirname(request.socketPath), target: SOCKET_FOLDER, writable: false },
    ],
    scratch: request.scratch,
    limits: request.memoryMb === null ? limits : { ...limits, memoryMb: request.memoryMb },
    ...(request.image === null ? {} : { image: request.image }),
  };
}
