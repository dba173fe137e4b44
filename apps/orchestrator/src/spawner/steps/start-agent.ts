import { posix } from "node:path";
import { AttemptFailure } from "@mosaic/domain";
import type { Mount } from "@mosaic/sandbox";
import { placeCanary } from "../../secrets/place-canary.ts";
import type { Runtime, Session } from "../../runtimes/port.ts";
import { findRuntime } from "../../runtimes/registry.ts";
import { type AttemptContext, assertGoing, enter, eventOf, record } from "../context.ts";
import { systemPrompt, taskPrompt } from "../prompt.ts";
import { type GivenEnvironment, giveEnvironment } from "./give-environment.ts";
import { openEgress } from "./open-egress.ts";
import type { OpenedWorkspace } from "./open-workspace.ts";

export interface StartedAgent {
  readonly session: Session;
  readonly firstPrompt: string;
}

/** The agent's tree, inside. */
const TREE = "/tree";

/** Gateway socket, sandbox and runtime; from here on the agent is `running`. */
export async function startAgent(
  context: AttemptContext,
  { workspace, preparing }: OpenedWorkspace,
): Promise<StartedAgent> {
  const { services, agent, task, execution } = context;
  const runtime = await requireRuntime(context);
  const given = await giveEnvironment(context, workspace);
  const dependencies = await takeDependencies(context, preparing);
  services.reach("dependencies.recorded");
  await enter(context, "starting");
  const door = await services.gateway.open({
    agentId: agent.agentId,
    taskId: task.taskId,
    repository: task.repository,
    model: agent.model,
    taskBudgetUsd: task.options.budgetUsd ?? null,
    maxTurns: context.maxTurns,
    onUsage: (usage) => context.transcript.usage(usage),
    onRequest: (body) => context.canary.check(body, "gateway"),
    onActivity: () => context.monitor.alive(),
  });
  execution.door = door;
  const egress = await openEgress(context, given.egress);
  services.reach("socket.open");
  assertGoing(context);
  const placed = await placeCanary(context.canary, workspace, services.sandbox);
  const session = await runtime.start(
    {
      agentId: agent.agentId,
      model: agent.model,
      system: systemPrompt(task.agentType, task.gates, given.egress),
      maxTurns: context.maxTurns,
      mounts: [...workspace.mounts, ...dependencies.mounts, ...placed.mounts, ...givenMounts(given)],
      scratch: dependencies.scratch,
      env: { ...workspace.env, ...dependencies.env, ...placed.env },
      socketPath: door.socketPath,
      beginPrompt: door.beginPrompt,
      memoryMb: task.options.memoryMb ?? null,
      image: given.image,
      mcpServers: given.mcpServers.map(({ name, command, env }) => ({ name, command, env })),
      path: dependencies.path,
      egress: egress === null ? null : { socketPath: egress.socketPath, caFile: egress.caFile },
    },
    context.signal,
  );
  execution.session = session;
  services.reach("sandbox.started");
  await markRunning(context, session.sandbox);
  services.reach("agent.running");
  return { session, firstPrompt: taskPrompt(task, given.guides, given.skills) };
}

/** It was there when the task was admitted; that may be long ago, or on another machine. @throws AttemptFailure `runtime` */
async function requireRuntime({ services, task }: AttemptContext): Promise<Runtime> {
  const found = await findRuntime(services.runtimes, task.runtime);
  if (!found.ok) throw new AttemptFailure("runtime", found.message);
  return found.runtime;
}

interface AgentDependencies {
  readonly mounts: readonly Mount[];
  readonly scratch: readonly string[];
  /** Folders inside for the front of PATH. */
  readonly path: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** The agent's tree with its dependencies, so that it can run the tests it is judged by. Failing is not fatal. */
async function takeDependencies(
  context: AttemptContext,
  preparing: OpenedWorkspace["preparing"],
): Promise<AgentDependencies> {
  await enter(context, "dependencies");
  const { log } = context.services;
  try {
    const answer = await preparing;
    await record(context, {
      type: "workspace.dependencies",
      data: { prepared: answer.prepared, message: answer.message, durationMs: answer.durationMs },
    });
    const at = (path: string): string => posix.resolve(TREE, path);
    return {
      path: answer.path,
      env: answer.env,
      mounts: answer.mounts.map((mount) => ({
        source: mount.source,
        target: at(mount.target),
        writable: false,
      })),
      scratch: answer.mounts.flatMap((mount) => mount.scratch.map((path) => at(`${mount.target}/${path}`))),
    };
  } catch (error) {
    assertGoing(context);
    if (!(error instanceof AttemptFailure)) throw error;
    log.warn(
      { agentId: context.agent.agentId, err: error },
      "dependencies were not prepared; the agent works without",
    );
    await record(context, {
      type: "workspace.dependencies",
      data: { prepared: false, message: error.message, durationMs: 0 },
    });
    return { mounts: [], scratch: [], path: [], env: {} };
  }
}

async function markRunning(context: AttemptContext, sandbox: string): Promise<void> {
  assertGoing(context);
  const { services, agent, task } = context;
  const at = services.now().toISOString();
  await services.state.transition({
    at,
    agent: { agentId: agent.agentId, to: "running", patch: { startedAt: at, sandbox, step: "agent" } },
    task: { taskId: task.taskId, to: "executing" },
    events: [
      eventOf(context, "agent.running", { sandbox, model: agent.model }),
      eventOf(context, "task.executing", {}),
    ],
  });
}

/** Files of the owner's skills and of tool servers, read-only. */
function givenMounts({ skills, mcpServers }: GivenEnvironment): readonly Mount[] {
  const folders = skills.flatMap(({ path, folder }) =>
    folder === null ? [] : [{ source: folder, target: path, writable: false }],
  );
  return [
    ...folders.filter(({ source, target }) => source !== target),
    ...mcpServers.flatMap(({ mounts }) => mounts),
  ];
}
