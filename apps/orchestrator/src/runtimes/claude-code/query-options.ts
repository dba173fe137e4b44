import { SANDBOX_HOME } from "@mosaic/sandbox";
import type { McpServer } from "../port.ts";

/** Claude Code inside. */
export const PROGRAM = "/opt/mosaic/claude-code/claude";

/** What an agent needs to work on its tree. No tool that reaches the network, other agents or a person. */
const TOOLS = ["Bash", "Read", "Edit", "Write", "Glob", "Grep"];

export interface QueryChoices {
  readonly model: string;
  readonly system: string;
  readonly maxTurns: number;
  readonly mcpServers: readonly McpServer[];
  readonly isolated: boolean;
}

/**
 * Options of a query (research note on runtimes, section 2). Nothing of the repository is loaded: its settings could
 * run commands, add servers and name another model API. Its guides come with the prompt.
 */
export function queryOptions(choices: QueryChoices): Record<string, unknown> {
  const { mcpServers } = choices;
  return {
    model: choices.model,
    systemPrompt: { type: "preset", preset: "claude_code", append: choices.system },
    maxTurns: choices.maxTurns,
    tools: TOOLS,
    allowedTools: [...TOOLS, ...mcpServers.map(({ name }) => `mcp__${name}`)],
    // Inside the sandbox there is nothing left to ask about. Without one, what is not allowed above is denied.
    ...(choices.isolated
      ? { permissionMode: "bypassPermissions", allowDangerouslySkipPermissions: true }
      : { permissionMode: "dontAsk" }),
    settingSources: [],
    settings: { attribution: { commit: "", pr: "" }, disableAllHooks: true },
    strictMcpConfig: true,
    // A prompt that begins with a slash, or names a file with an @, is a prompt.
    verbatimPrompts: true,
    mcpServers: Object.fromEntries(mcpServers.map((server) => [server.name, stdioServer(server)])),
    // Not on the command line, which everything in the sandbox can read.
    mcpServersDelivery: "initialize",
    persistSession: false,
  };
}

function stdioServer({ command, env }: McpServer): Record<string, unknown> {
  const [program, ...args] = command;
  return { type: "stdio", command: program, args, env };
}

/** Environment of Claude Code, beside what every agent has. `socket` is the gateway's, as the process reaches it. */
export function claudeEnvironment(socket: string): Record<string, string> {
  return {
    ANTHROPIC_UNIX_SOCKET: socket,
    ANTHROPIC_BASE_URL: "http://localhost",
    // Without one it wants a login. The gateway puts the real one in its place, outside.
    ANTHROPIC_API_KEY: "placeholder",
    CLAUDE_CONFIG_DIR: `${SANDBOX_HOME}/.claude`,
    // No telemetry, no updates, no titles.
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST: "1",
    CLAUDE_CODE_MAX_RETRIES: "4",
    // A command that ends later would begin a turn that nobody asked for.
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
    // The guides of the repository are in the prompt, as the base branch has them.
    CLAUDE_CODE_DISABLE_CLAUDE_MDS: "1",
  };
}
