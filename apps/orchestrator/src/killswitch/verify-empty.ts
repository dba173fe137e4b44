import type { AgentRecord } from "@mosaic/store";
import type { Services } from "../services.ts";
import type { ReceiptBuilder } from "./receipt.ts";
import { sandboxesOf } from "./stop-attempt.ts";

/** The proof, which takes nobody's word for it: what is there by the agent's name, in every place it could be. */
export async function verifyEmpty(
  services: Services,
  agent: AgentRecord,
  receipt: ReceiptBuilder,
): Promise<null> {
  const { agentId, taskId } = agent;
  for (const { label } of sandboxesOf(services, agentId)) receipt.left(`sandbox ${label}`);
  if (services.gateway.list().includes(agentId)) receipt.left("an open gateway socket");
  for (const path of await services.workspaces.residue(agentId, taskId)) receipt.left(path);
  return null;
}
