import { ProblemError, type orchestratorRoutes } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import type { Services } from "../services.ts";
import { findAgent, requireHere } from "./find-agent.ts";

type SalvageRoutes = Pick<typeof orchestratorRoutes, "getAgentSalvage" | "downloadAgentSalvage">;

/** Handlers of the routes an agent's work is had back through. */
export function salvageHandlers(services: Services): Handlers<SalvageRoutes> {
  const { state, workspaces } = services;
  const listOf = async (agentId: string) => {
    const { agent, task } = await findAgent(state, agentId);
    await requireHere(services, agent);
    const mirror = await workspaces.mirrorOf(task.repository);
    return { agent, mirror, items: await workspaces.salvages.list(agent.agentId, mirror) };
  };
  return {
    async getAgentSalvage({ params }) {
      const { agent, items } = await listOf(params.agentId);
      return { agentId: agent.agentId, items: items.map((item) => ({ ...item })) };
    },
    async downloadAgentSalvage({ params, query }, { signal }) {
      const { agent, mirror, items } = await listOf(params.agentId);
      const chosen = query.ref === undefined ? items[0] : items.find(({ ref }) => ref === query.ref);
      if (chosen !== undefined) return workspaces.salvages.archive(mirror, chosen, signal);
      throw new ProblemError(
        "no_salvage",
        query.ref === undefined
          ? `nothing was saved of agent ${agent.agentId}: it changed nothing, or retention let go of it`
          : `agent ${agent.agentId} has no '${query.ref}'; GET /agents/${agent.agentId}/salvage lists what there is`,
      );
    },
  };
}
