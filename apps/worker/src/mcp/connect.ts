import { ToolError } from "@anthropic-ai/sdk/lib/tools/ToolError";
import type { BetaRunnableTool } from "@anthropic-ai/sdk/lib/tools/BetaRunnableTool";
import { Client, type Tool } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import type { ToWorker } from "@mosaic/contracts";
import { toolName } from "./tool-name.ts";

type Server = Extract<ToWorker, { type: "start" }>["mcpServers"][number];

export interface McpTools {
  readonly tools: readonly BetaRunnableTool[];
  /** What does not work, a sentence each; the agent goes on without it. */
  readonly problems: readonly string[];
  /** Ends the servers. */
  close(): Promise<void>;
}

export interface McpOptions {
  readonly workdir: string;
  /** Whole environment of the servers beside their own. */
  readonly env: Readonly<Record<string, string>>;
  /** Milliseconds until a server must have answered with its tools. */
  readonly startMs?: number;
  /** Milliseconds that one call may take. */
  readonly callMs?: number;
}

const START_MS = 15_000;
const CALL_MS = 300_000;
/** A larger message ends the connection with its server. */
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
/** Every request to the model carries them. */
const MAX_TOOLS = 100;
const MAX_SCHEMA_BYTES = 32 * 1024;
const MAX_DESCRIPTION = 4000;
/** Of what a server prints beside the protocol, the end is told when it does not come up. */
const STDERR_KEPT = 1000;

/**
 * Starts the servers, all at once, and offers their tools. A server that does not come up, or that ends, takes its own
 * tools with it and nothing else.
 */
export async function connectMcpServers(servers: readonly Server[], options: McpOptions): Promise<McpTools> {
  // In the order of the servers, whichever of them is quicker.
  const problems: string[][] = servers.map(() => []);
  const connected = await Promise.all(
    servers.map((server, at) => {
      const onProblem = (text: string): void => void problems[at]?.push(text);
      return connect(server, { ...options, onProblem }).catch((error: unknown) => {
        onProblem(`The MCP server '${server.name}' cannot be used: ${messageOf(error)}`);
        return null;
      });
    }),
  );
  const running = connected.filter((one) => one !== null);
  return {
    problems: problems.flat(),
    tools: running.flatMap(({ tools }) => tools),
    close: async () => {
      await Promise.allSettled(running.map(({ client }) => client.close()));
    },
  };
}

type Connecting = McpOptions & { readonly onProblem: (text: string) => void };

async function connect(
  server: Server,
  options: Connecting,
): Promise<{ readonly client: Client; readonly tools: readonly BetaRunnableTool[] }> {
  const { startMs = START_MS, workdir, env } = options;
  const [command = "", ...args] = server.command;
  const transport = new StdioClientTransport({
    command,
    args,
    env: { ...env, ...server.env },
    cwd: workdir,
    stderr: "pipe",
    maxBufferSize: MAX_MESSAGE_BYTES,
  });
  let said = "";
  transport.stderr?.on("data", (data: Buffer) => {
    said = (said + data.toString()).slice(-STDERR_KEPT);
  });
  const client = new Client({ name: "mosaic", version: "1" });
  try {
    const signal = AbortSignal.timeout(startMs);
    await client.connect(transport, { timeout: startMs, signal });
    const { tools } = await client.listTools(undefined, { timeout: startMs, signal });
    return { client, tools: offered(server, tools, { client, options }) };
  } catch (error) {
    await client.close().catch(() => undefined);
    const rest = said.trim() === "" ? "" : `; it printed: ${said.trim()}`;
    throw new Error(`${messageOf(error)}${rest}`, { cause: error });
  }
}

interface Connection {
  readonly client: Client;
  readonly options: Connecting;
}

function offered(
  server: Server,
  tools: readonly Tool[],
  connection: Connection,
): readonly BetaRunnableTool[] {
  const { onProblem } = connection.options;
  const byName = new Map<string, BetaRunnableTool>();
  for (const tool of tools) {
    const name = toolName(server.name, tool.name);
    const isTooLarge = JSON.stringify(tool.inputSchema).length > MAX_SCHEMA_BYTES;
    if (name === null || isTooLarge || byName.has(name) || byName.size >= MAX_TOOLS) {
      onProblem(`The tool '${tool.name.slice(0, 100)}' of the MCP server '${server.name}' is left out.`);
      continue;
    }
    byName.set(name, runnable(name, tool, { ...connection, server: server.name }));
  }
  return [...byName.values()];
}

function runnable(
  name: string,
  tool: Tool,
  { client, options, server }: Connection & { readonly server: string },
): BetaRunnableTool {
  return {
    type: "custom",
    name,
    description: (tool.description ?? tool.title ?? tool.name).slice(0, MAX_DESCRIPTION),
    input_schema: tool.inputSchema as never,
    parse: (input) => input,
    async run(input, context) {
      const timeout = options.callMs ?? CALL_MS;
      const signal = context?.signal ?? undefined;
      const result = await client
        .callTool(
          { name: tool.name, arguments: argumentsOf(input) },
          { timeout, maxTotalTimeout: timeout, ...(signal === undefined ? {} : { signal }) },
        )
        .catch((error: unknown) => {
          throw new ToolError(`the MCP server '${server}' did not answer: ${messageOf(error)}`);
        });
      const text = result.content.map(textOf).join("\n");
      if (result.isError === true) throw new ToolError(text);
      return text;
    },
  };
}

const argumentsOf = (input: unknown): Record<string, unknown> =>
  typeof input === "object" && input !== null && !Array.isArray(input)
    ? (input as Record<string, unknown>)
    : {};

type Content = Awaited<ReturnType<Client["callTool"]>>["content"][number];

/** What is no text is named, not shown. */
function textOf(content: Content): string {
  if (content.type === "text") return content.text;
  if (content.type === "resource" && "text" in content.resource) return content.resource.text;
  if (content.type === "resource_link") return `[${content.uri}]`;
  return `[${content.type}]`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
