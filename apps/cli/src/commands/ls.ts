import type { CallRequest } from "@mosaic/client";
import type { AgentView, orchestratorRoutes } from "@mosaic/contracts";
import type { OrchestratorClient } from "../connect/connection.ts";
import { agentTable } from "../render/agent-table.ts";
import { sayWarnings, type CommandContext } from "./context.ts";

export interface LsFlags {
  readonly status?: AgentView["status"][];
  readonly limit: number;
  readonly all?: boolean;
}

type Query = NonNullable<CallRequest<(typeof orchestratorRoutes)["listAgents"]>["query"]>;

/** The most the API gives at once. */
const PAGE = 200;

/** `mosaic ls`: agents, newest first. */
export async function ls(context: CommandContext, flags: LsFlags): Promise<void> {
  const { terminal } = context;
  const client = await context.connect();
  await sayWarnings(context, client);
  const wanted = flags.all === true ? Number.POSITIVE_INFINITY : flags.limit;
  const found = await listAgents(client, { wanted, status: flags.status, signal: context.signal });
  if (terminal.json) return terminal.jsonLine(found);
  if (found.items.length === 0) return terminal.say("there are no agents; start one with `mosaic run`");
  const style = { paint: terminal.paint, width: terminal.width, nowMs: context.now() };
  terminal.lines(agentTable(found.items, style));
  if (found.nextCursor !== null) terminal.say("there are more: --limit <n> or --all");
}

/** Up to `wanted` agents over as many pages as it takes, in the API's own shape. */
export async function listAgents(
  client: OrchestratorClient,
  options: {
    readonly wanted: number;
    readonly status?: AgentView["status"][] | undefined;
    readonly signal: AbortSignal;
  },
): Promise<{ items: AgentView[]; nextCursor: string | null }> {
  const items: AgentView[] = [];
  let cursor: string | null = null;
  do {
    const query: Query = {
      limit: Math.min(PAGE, options.wanted - items.length),
      ...(cursor === null ? {} : { cursor }),
      ...(options.status === undefined ? {} : { status: options.status }),
    };
    const page: { items: AgentView[]; nextCursor: string | null } = await client.call(
      "listAgents",
      { query },
      { signal: options.signal },
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && items.length < options.wanted);
  return { items, nextCursor: cursor };
}
