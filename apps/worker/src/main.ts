import { Console } from "node:console";
import { createInterface } from "node:readline";
import { ToWorker, type FromWorker } from "@mosaic/contracts";
import { createAgent, type Agent } from "./agent.ts";
import { createClient } from "./client.ts";
import type { McpTools } from "./mcp/connect.ts";

/** Exit codes: 0 stdin ended, 1 a defect of this program, 2 stdin does not follow the protocol. */
const DEFECT = 1;
const PROTOCOL = 2;

// stdout belongs to the protocol; whatever a library prints goes to stderr.
globalThis.console = new Console(process.stderr, process.stderr);

let agent: Agent | null = null;
let started = false;
let lines = 0;
let stopping = false;

function emit(event: FromWorker): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

function stop(code: number, why?: string): void {
  if (stopping) return;
  stopping = true;
  if (why !== undefined) process.stderr.write(`worker: ${why}\n`);
  const exit = (): never => process.exit(code);
  Promise.resolve(agent?.close()).then(exit, exit);
}

async function start(config: Extract<ToWorker, { type: "start" }>): Promise<void> {
  const mcp = config.mcpServers.length === 0 ? null : await connectMcp(config);
  agent = createAgent({ config, client: createClient(config.socketPath), emit, random: Math.random, mcp });
  emit({ type: "ready", pid: process.pid, node: process.version });
}

/** Loaded only for agents that have servers: it would cost all others time at their start. */
async function connectMcp(config: Extract<ToWorker, { type: "start" }>): Promise<McpTools> {
  const { connectMcpServers } = await import("./mcp/connect.ts");
  return await connectMcpServers(config.mcpServers, {
    workdir: config.workdir,
    env: serverEnvironment(),
  });
}

/** What a server needs to find its programs, and the way out as the agent does; what else the agent has is not its own. */
const FOR_SERVERS =
  /^(?:PATH|HOME|TMPDIR|LANG|TERM|CI|NODE_EXTRA_CA_CERTS|MOSAIC_ENVIRONMENT|(?:https?|no)_proxy)$/i;

function serverEnvironment(): Record<string, string> {
  // oxlint-disable-next-line node/no-process-env -- handing it on is what it is for
  const all = Object.entries(process.env);
  return Object.fromEntries(
    all.flatMap(([name, value]) => (value !== undefined && FOR_SERVERS.test(name) ? [[name, value]] : [])),
  );
}

function obey(message: ToWorker): void {
  if (message.type === "start") {
    if (started) return stop(PROTOCOL, `line ${lines}: a second 'start'`);
    started = true;
    start(message).catch((error: unknown) => stop(DEFECT, describe(error)));
    return;
  }
  if (agent === null) return stop(PROTOCOL, `line ${lines}: '${message.type}' before 'start'`);
  if (message.type === "cancel") return agent.cancel();
  if (agent.busy) return stop(PROTOCOL, `line ${lines}: a 'prompt' while a turn is running`);
  agent.prompt(message.text).catch((error: unknown) => stop(DEFECT, describe(error)));
}

function read(line: string): void {
  if (stopping) return;
  lines += 1;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return stop(PROTOCOL, `line ${lines} of stdin is not JSON`);
  }
  const message = ToWorker.safeParse(value);
  if (!message.success)
    return stop(PROTOCOL, `line ${lines} of stdin is no message: ${message.error.message}`);
  obey(message.data);
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

process.on("uncaughtException", (error) => stop(DEFECT, describe(error)));
process.on("unhandledRejection", (error) => stop(DEFECT, describe(error)));
// Nobody listens any more: there is nothing to work for.
process.stdout.on("error", () => stop(0));
createInterface({ input: process.stdin, crlfDelay: Infinity })
  .on("line", read)
  .on("close", () => stop(0));
