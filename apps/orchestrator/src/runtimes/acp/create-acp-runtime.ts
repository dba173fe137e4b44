import { createAgentSandboxes, TREE, type AgentSandboxOptions } from "../agent-sandbox.ts";
import { beginSession } from "../begin-session.ts";
import { configuredProgram, configuredStatus } from "../configured/program.ts";
import type { AcpConfig } from "../configured/read-file.ts";
import type { Runtime } from "../port.ts";
import type { LineLimits } from "../read-lines.ts";
import { createAcpSession } from "./acp-session.ts";

export interface AcpOptions extends AgentSandboxOptions {
  readonly name: string;
  readonly config: Omit<AcpConfig, "kind">;
  readonly output: LineLimits;
  /** Milliseconds one turn may take. Default: no limit but the caller's signal. */
  readonly timeoutMs?: number;
  /** Milliseconds between asking a turn to stop and killing it. Default 3,000. */
  readonly graceMs?: number;
  /** Default 100: the slowest of the agents we have run sent its last update 39 ms after its answer. */
  readonly drainMs?: number;
}

const MAX_TOOL_OUTPUT = 65_536;

/** Runs agents of other vendors: any program that speaks the Agent Client Protocol on its standard streams. */
export function createAcpRuntime(options: AcpOptions): Runtime {
  const { name, config, sandbox } = options;
  const sandboxes = createAgentSandboxes(options);
  return {
    name,
    kind: "acp",
    status: () => configuredStatus(config),
    async start(request, signal) {
      const spec = await sandboxes.describe(request, (node) => configuredProgram(config, { request, node }));
      const acp = createAcpSession({
        sandboxed: await sandboxes.start(spec),
        sandbox: sandbox.name,
        isolates: sandbox.isolates,
        memoryMb: spec.limits.memoryMb,
        output: options.output,
        beginPrompt: request.beginPrompt,
        timeoutMs: options.timeoutMs ?? null,
        graceMs: options.graceMs ?? 3_000,
        drainMs: options.drainMs ?? 100,
        maxToolOutput: MAX_TOOL_OUTPUT,
      });
      const { system, mcpServers } = request;
      const start = { cwd: sandbox.resolve(spec, TREE), system, mcpServers };
      return beginSession(acp.session, () => acp.begin(start, config.startTimeoutMs), signal);
    },
  };
}
