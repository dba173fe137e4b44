import { ProblemError, type orchestratorRoutes } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import { type AgentFilter, InvalidCursorError } from "@mosaic/store";
import type { KilledEverywhere } from "../instances/kill-everywhere.ts";
import type { KillAnywhere } from "../instances/route-kill.ts";
import type { KillOrder } from "../killswitch/order.ts";
import type { Cancel } from "../killswitch/cancel.ts";
import type { Services } from "../services.ts";
import { admitTask } from "../spawner/admit.ts";
import { agentView, eventView, statusView } from "./views.ts";
import { findAgent, findAgentByPrefix, requireHere } from "./find-agent.ts";

type AgentRoutes = Omit<
  typeof orchestratorRoutes,
  | "health"
  | "ready"
  | "meta"
  | "openapi"
  | "metrics"
  | "streamEvents"
  | "allowSecret"
  | "listAllowedSecrets"
  | "disallowSecret"
  | "getAgentSalvage"
  | "downloadAgentSalvage"
  | "getCosts"
  | "queueStats"
  | "pauseQueue"
  | "resumeQueue"
  | "listAudit"
  | "listOrchestrators"
  | "forgetOrchestrator"
  | "listRuntimes"
  | "verifyAudit"
>;

/** Longest patch `GET /agents/:id/diff` answers with, in bytes. */
const MAX_PATCH_BYTES = 2_000_000;

interface AgentHandlerOptions {
  readonly services: Services;
  /** Wherever the agent runs. */
  readonly kill: KillAnywhere;
  readonly cancel: Cancel;
  /** On every orchestrator. */
  readonly killAll: (order: KillOrder) => Promise<KilledEverywhere>;
  /** Why no agent may be spawned now, or null. */
  readonly refusal: () => ProblemError | null;
}

/** Handlers of the agents' routes: parse is done, use cases do the work, views shape the answer. */
export function agentHandlers(options: AgentHandlerOptions): Handlers<AgentRoutes> {
  const { services, kill, cancel, killAll, refusal } = options;
  const { state, usage, workspaces } = services;
  return {
    async spawnAgent({ body }, { caller }) {
      const refused = refusal();
      if (refused !== null) throw refused;
      const agent = await admitTask(services, body, { admin: caller.scopes.includes("admin") });
      return { agentId: agent.agentId, status: agent.state };
    },
    async listAgents({ query }) {
      const filter: AgentFilter = {
        limit: query.limit,
        ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
        ...(query.status === undefined ? {} : { states: query.status }),
        ...(query.taskId === undefined ? {} : { taskId: query.taskId }),
        ...(query.agentType === undefined ? {} : { agentType: query.agentType }),
        ...(query.repository === undefined ? {} : { repository: query.repository }),
      };
      const page = await state.listAgents(filter).catch((error: unknown) => {
        if (error instanceof InvalidCursorError)
          throw new ProblemError("invalid_request", `cursor: ${error.message}`, { cause: error });
        throw error;
      });
      const totals = await usage.totals(page.items.map(({ agent }) => agent.agentId));
      return {
        items: page.items.map(({ agent, task }) => agentView(agent, task, totals.get(agent.agentId))),
        nextCursor: page.nextCursor,
      };
    },
    async getAgent({ params }) {
      const { agent, task } = await findAgentByPrefix(state, params.agentId);
      const totals = await usage.totals([agent.agentId]);
      return agentView(agent, task, totals.get(agent.agentId));
    },
    async getAgentStatus({ params }) {
      return statusView((await findAgent(state, params.agentId)).agent);
    },
    async listAgentEvents({ params, query }) {
      await findAgent(state, params.agentId);
      const items = await state.eventsAfter({
        after: query.after,
        limit: query.limit,
        subject: params.agentId,
      });
      const last = items.at(-1);
      return {
        items: items.map(eventView),
        nextAfter: last !== undefined && items.length === query.limit ? last.id : null,
      };
    },
    async getAgentDiff({ params }) {
      const { agent, task } = await findAgent(state, params.agentId);
      await requireHere(services, agent);
      const { baseCommit, snapshotCommit } = agent;
      if (baseCommit === null || snapshotCommit === null) {
        throw new ProblemError(
          "no_diff",
          `agent ${agent.agentId} has no snapshot yet; one is made at the end of each turn`,
        );
      }
      const mirror = await workspaces.mirrorOf(task.repository);
      if (!(await workspaces.salvages.holds(mirror, snapshotCommit))) {
        throw new ProblemError(
          "no_diff",
          `the snapshot of agent ${agent.agentId} was let go of (MOSAIC_SALVAGE_MAX_AGE_DAYS, MOSAIC_SALVAGE_MAX_BYTES)`,
        );
      }
      const diff = await workspaces.diff(mirror, baseCommit, snapshotCommit, MAX_PATCH_BYTES);
      return {
        agentId: agent.agentId,
        baseCommit,
        commit: snapshotCommit,
        files: diff.files.map((file) => ({ ...file, path: services.scanner.redact(file.path) })),
        patch: services.scanner.redact(diff.patch),
        truncated: diff.truncated,
      };
    },
    async killAgent({ params, body }, { caller }) {
      const receipt = await kill(params.agentId, orderOf(caller.name, body?.reason));
      const message =
        receipt.status === "killed"
          ? `Agent ${receipt.agentId} killed successfully`
          : `Agent ${receipt.agentId} is not gone: ${receipt.residual.join("; ")}`;
      return { ...receipt, message };
    },
    cancelAgent: ({ params, body }, { caller }) => cancel(params.agentId, orderOf(caller.name, body?.reason)),
    async killAll({ body }, { caller }) {
      const order = orderOf(caller.name, body?.reason);
      const { total, receipts, errors, silent } = await killAll(order);
      return {
        message: `Kill all completed: ${receipts.length} killed, ${errors.length} failed`,
        total,
        killed: receipts.length,
        failed: errors.length,
        errors: [...errors],
        receipts: [...receipts],
        silent: silent.map(({ instanceId, host, url, alive }) => ({ instanceId, host, url, alive })),
      };
    },
  };
}

function orderOf(by: string, why: string | undefined): KillOrder {
  return { by, why: why ?? "no reason given" };
}
