import type { AgentView } from "@mosaic/contracts";
import { usageError } from "../exit.ts";
import type { OrchestratorClient } from "./connection.ts";

const PREFIX = /^[0-9a-f-]{4,36}$/;
const WHOLE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** An agent id or a prefix of one, as a person typed it. @throws CliError (exit 2) */
export function readAgentId(text: string): string {
  const id = text.trim().toLowerCase();
  if (PREFIX.test(id)) return id;
  const why =
    id.length < 4 && /^[0-9a-f-]*$/.test(id)
      ? "is too short: give at least the first 4 characters of the id"
      : "is not an agent id (digits and the letters a to f)";
  throw usageError(`'${text}' ${why}`, "`mosaic ls` lists the agents and their ids.");
}

/** The agent whose id starts with `id`. @throws ApiError `agent_not_found`, `ambiguous_id` */
export async function findAgent(
  client: OrchestratorClient,
  id: string,
  signal: AbortSignal,
): Promise<AgentView> {
  return await client.call("getAgent", { params: { agentId: id } }, { signal });
}

/** The whole id of the agent whose id starts with `id`, without asking the server when it is whole already. */
export async function findAgentId(
  client: OrchestratorClient,
  id: string,
  signal: AbortSignal,
): Promise<string> {
  return WHOLE.test(id) ? id : (await findAgent(client, id, signal)).agentId;
}
