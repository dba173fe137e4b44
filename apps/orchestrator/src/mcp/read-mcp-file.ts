import { readFile, stat } from "node:fs/promises";
import { AGENT_TYPES, type AgentType } from "@mosaic/domain";
import type { Mount } from "@mosaic/sandbox";
import type { KnownSecret } from "@mosaic/secrets";
import { z } from "zod";
import type { McpServer } from "../runtimes/port.ts";

/** A server of the Model Context Protocol, as the owner configured it. */
export interface ConfiguredMcpServer extends McpServer {
  /** Read-only, for its program. */
  readonly mounts: readonly Mount[];
  /** Agents that get it; null for all. */
  readonly agentTypes: readonly AgentType[] | null;
}

export interface McpConfiguration {
  readonly servers: readonly ConfiguredMcpServer[];
  /** Values that must not turn up in files, transcripts or events. */
  readonly secrets: readonly KnownSecret[];
}

const MAX_BYTES = 256 * 1024;
const SHORTEST_SECRET = 8;
/** Names under which people put credentials. */
const SECRET_NAME = /KEY|TOKEN|SECRET|PASS|AUTH|CRED/i;

const Variables = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/), z.string().max(10_000));
const Inside = z
  .string()
  .max(1000)
  .regex(/^\/opt\/mosaic\/mcp(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)+$/, "must be a path below /opt/mosaic/mcp");

const Server = z.strictObject({
  /** A program inside the sandbox. */
  command: z.string().min(1).max(4096),
  args: z.array(z.string().max(10_000)).max(100).optional(),
  env: Variables.optional(),
  /** Variables, too, whose values are looked for in everything agents write. The agent itself can read them. */
  secrets: Variables.optional(),
  /** Folders or files of this host that it needs inside, read-only. */
  folders: z
    .array(z.strictObject({ source: z.string().regex(/^\//, "must be an absolute path"), target: Inside }))
    .max(20)
    .optional(),
  agentTypes: z.array(z.enum(AGENT_TYPES)).min(1).optional(),
});

/** `MOSAIC_MCP_FILE`. A server's name is part of its tools' names: `mcp__<name>__<tool>`. */
const McpFile = z.strictObject({
  servers: z.record(
    z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "must be a short name in lower case"),
    Server,
  ),
});

/**
 * Reads the owner's servers. A file with credentials must be the owner's alone.
 * @throws Error that names the file and what is wrong
 */
export async function readMcpFile(file: string | undefined): Promise<McpConfiguration> {
  if (file === undefined) return { servers: [], secrets: [] };
  try {
    const stats = await stat(file);
    if (stats.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    const { servers } = McpFile.parse(JSON.parse(await readFile(file, "utf8")));
    const secrets = Object.entries(servers).flatMap(([name, server]) => secretsOf(name, server));
    if (secrets.length > 0 && (stats.mode & 0o077) !== 0)
      throw new Error("it holds credentials and others may read it; run chmod 600 on it");
    return { servers: Object.entries(servers).map(([name, server]) => configured(name, server)), secrets };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`MOSAIC_MCP_FILE: ${file} cannot be used: ${why}`, { cause: error });
  }
}

function configured(name: string, server: z.infer<typeof Server>): ConfiguredMcpServer {
  return {
    name,
    command: [server.command, ...(server.args ?? [])],
    env: { ...server.env, ...server.secrets },
    mounts: (server.folders ?? []).map(({ source, target }) => ({ source, target, writable: false })),
    agentTypes: server.agentTypes ?? null,
  };
}

function secretsOf(name: string, { env = {}, secrets = {} }: z.infer<typeof Server>): KnownSecret[] {
  const named = Object.entries(env).filter(([variable]) => SECRET_NAME.test(variable));
  return [...named, ...Object.entries(secrets)].flatMap(([variable, value]) =>
    // Shorter values would be found in ordinary text.
    value.length < SHORTEST_SECRET ? [] : [{ name: `mcp-${name}-${variable.toLowerCase()}`, value }],
  );
}
