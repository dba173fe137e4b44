import { ProblemError, type SpawnRequest } from "@mosaic/contracts";
import { defaultProfile, profileGates, type Repository } from "@mosaic/domain";
import type { AgentRecord, NewAgent, NewTask } from "@mosaic/store";
import { findRuntime } from "../runtimes/registry.ts";
import { BranchNotFoundError, RepositoryUnreachableError } from "../git/port.ts";
import type { Services } from "../services.ts";
import { refuseSecretNames } from "../secrets/refuse-request.ts";
import { checkBudget } from "./check-budget.ts";
import { refuseEgress } from "./egress-policy.ts";
import { fingerprint } from "./fingerprint.ts";
import { resolveRepository } from "./repository-policy.ts";

/** Priority when a request names none (the owner's queue: 1 to 10, default 5). */
const DEFAULT_PRIORITY = 5;
/** Seconds a caller is asked to wait when the queue is full. */
const FULL_RETRY_AFTER = 10;

/**
 * Admits a task: everything that can be refused is refused before anything is written. A repetition of a task that
 * is known answers with its agent, without looking at the repository again.
 * @throws ProblemError as listed for the spawn route
 */
export async function admitTask(
  services: Services,
  request: SpawnRequest,
  caller: { readonly admin: boolean },
): Promise<AgentRecord> {
  refuseSecretNames(services.scanner, request);
  const print = fingerprint(request);
  const known = await repetition(services, request.taskId, print);
  if (known !== null) return known;
  const repository = await checkRequest(services, request, caller);
  const { task, agent } = records(services, { request, repository, fingerprint: print });
  const outcome = await services.state.admit({ task, agent, maxPending: services.settings.queueMaxPending });
  switch (outcome.kind) {
    case "conflict":
      throw taskConflict(request.taskId);
    case "full":
      throw new ProblemError(
        "queue_full",
        `${outcome.pending} tasks are waiting, which is this instance's bound (MOSAIC_QUEUE_MAX_PENDING)`,
        { retryAfter: FULL_RETRY_AFTER },
      );
    case "existing":
      return outcome.agent;
    case "admitted":
      services.reach("admit.recorded");
      // If this fails the task is durable all the same: a repetition, or the next start, enqueues it.
      await services.queue.enqueue({ taskId: task.taskId, priority: task.priority });
      services.reach("admit.queued");
      return outcome.agent;
  }
}

async function repetition(services: Services, taskId: string, print: string): Promise<AgentRecord | null> {
  const task = await services.state.getTask(taskId);
  if (task === null) return null;
  if (task.fingerprint !== print) throw taskConflict(taskId);
  // A first try may have stopped between state and queue; the entry is made once however often this is called.
  if (task.state === "pending") await services.queue.enqueue({ taskId, priority: task.priority });
  return services.state.getAgent(task.agentId);
}

function taskConflict(taskId: string): ProblemError {
  return new ProblemError(
    "task_conflict",
    `task ${taskId} was admitted with another request; use a new task id, or repeat exactly the same request`,
  );
}

async function checkRequest(
  services: Services,
  request: SpawnRequest,
  caller: { readonly admin: boolean },
): Promise<Repository> {
  const { settings, gateway } = services;
  const { options = {}, gateProfile } = request;
  if (gateProfile === "custom" && options.gates === undefined) {
    throw new ProblemError(
      "custom_gates_required",
      "gateProfile custom needs options.gates, a list of gates",
    );
  }
  if (gateProfile !== "custom" && options.gates !== undefined) {
    throw new ProblemError("invalid_request", "options.gates goes with gateProfile custom only");
  }
  if (options.sandbox === false && settings.sandboxEnabled) {
    throw new ProblemError(
      "sandbox_required",
      "options.sandbox false needs SANDBOX_ENABLED=false on this instance",
    );
  }
  if (options.sandbox === true && !settings.sandboxEnabled) {
    throw new ProblemError(
      "sandbox_unavailable",
      "options.sandbox true: this instance runs without a sandbox (SANDBOX_ENABLED=false)",
    );
  }
  if (options.model !== undefined && !gateway.models.includes(options.model)) {
    throw new ProblemError("model_not_allowed", `options.model must be one of ${gateway.models.join(", ")}`);
  }
  if (options.memoryMb !== undefined && options.memoryMb > settings.maxMemoryMb) {
    const most = `options.memoryMb may be ${settings.maxMemoryMb} at most (SANDBOX_MAX_MEMORY_MB)`;
    throw new ProblemError("memory_not_allowed", most);
  }
  refuseEgress(options.egress ?? [], settings.egress);
  const runtime = await findRuntime(services.runtimes, runtimeOf(services, request));
  if (!runtime.ok) throw new ProblemError(runtime.code, `context.runtime: ${runtime.message}`);
  const repository = await resolveRepository({
    repository: request.context.repository,
    admin: caller.admin,
    embedded: settings.embedded,
    localRepositories: settings.localRepositories,
    home: settings.home,
  });
  const model = options.model ?? gateway.models[0] ?? "";
  await checkBudget(services, { repository: repository.url, options, model });
  await checkBranch(services, repository, request.context.branch);
  return repository;
}

function runtimeOf({ runtimes }: Services, { context }: SpawnRequest): string {
  return context.runtime ?? runtimes.defaultName;
}

async function checkBranch(services: Services, repository: Repository, branch: string): Promise<void> {
  try {
    await services.workspaces.resolveBranch(repository, branch);
  } catch (error) {
    if (error instanceof BranchNotFoundError) {
      throw new ProblemError("branch_not_found", `context.branch: ${error.message}`, { cause: error });
    }
    if (error instanceof RepositoryUnreachableError) {
      throw new ProblemError("repository_unreachable", `context.repository: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

function records(
  services: Services,
  admitted: { request: SpawnRequest; repository: Repository; fingerprint: string },
): { task: NewTask; agent: NewAgent } {
  const { settings, gateway } = services;
  const { request } = admitted;
  const options = request.options ?? {};
  const at = services.now().toISOString();
  const agentId = services.newId();
  const gateProfile = request.gateProfile ?? defaultProfile(request.agentType);
  return {
    task: {
      taskId: request.taskId,
      agentId,
      fingerprint: admitted.fingerprint,
      agentType: request.agentType,
      gateProfile,
      gates: profileGates(gateProfile, options.gates),
      repository: admitted.repository.url,
      branch: request.context.branch,
      workItems: request.context.workItems,
      skills: request.context.skills ?? [],
      options,
      runtime: runtimeOf(services, request),
      priority: options.priority ?? DEFAULT_PRIORITY,
      maxRetries: options.maxRetries ?? settings.maxRetries,
      createdAt: at,
    },
    agent: {
      agentId,
      taskId: request.taskId,
      attempt: 1,
      spawnedAt: at,
      model: options.model ?? gateway.models[0] ?? "",
      yolo: settings.yolo,
      retryOf: null,
    },
  };
}
