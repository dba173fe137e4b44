import { AttemptFailure } from "@mosaic/domain";
import type { Mount } from "@mosaic/sandbox";
import { placeCanary } from "../../secrets/place-canary.ts";
import type { Workspace } from "../../git/port.ts";
import type { Session } from "../../runtimes/port.ts";
import { type AttemptContext, assertGoing, enter, eventOf, record } from "../context.ts";
import { type QuotedFile, systemPrompt, taskPrompt } from "../prompt.ts";

export interface StartedAgent {
  readonly session: Session;
  readonly firstPrompt: string;
}

/** Largest guide or skill that is quoted, in bytes. */
const MAX_GUIDE_BYTES = 32_768;
const GUIDES = ["CLAUDE.md", "AGENTS.md"];

/** Gateway socket, sandbox and runtime; from here on the agent is `running`. */
export async function startAgent(context: AttemptContext, workspace: Workspace): Promise<StartedAgent> {
  const { services, agent, task, execution } = context;
  const dependencies = await prepareDependencies(context, workspace);
  services.reach("dependencies.recorded");
  await enter(context, "starting");
  const door = await services.gateway.open({
    agentId: agent.agentId,
    taskId: task.taskId,
    repository: task.repository,
    model: agent.model,
    taskBudgetUsd: task.options.budgetUsd ?? null,
    onUsage: (usage) => context.transcript.usage(usage),
    onRequest: (body) => context.canary.check(body, "gateway"),
    onActivity: () => context.monitor.alive(),
  });
  execution.door = door;
  services.reach("socket.open");
  assertGoing(context);
  const placed = await placeCanary(context.canary, workspace, services.sandbox);
  const session = await services.runtime.start(
    {
      agentId: agent.agentId,
      model: agent.model,
      system: systemPrompt(task.agentType, task.gates),
      maxTurns: context.maxTurns,
      mounts: [...workspace.mounts, ...dependencies.mounts, ...placed.mounts],
      scratch: dependencies.scratch,
      env: { ...workspace.env, ...placed.env },
      socketPath: door.socketPath,
      memoryMb: null,
      image: null,
      mcpServers: [],
    },
    context.signal,
  );
  execution.session = session;
  services.reach("sandbox.started");
  await markRunning(context, session.sandbox);
  services.reach("agent.running");
  return { session, firstPrompt: await firstPrompt(context, workspace) };
}

/** The agent's tree with its dependencies, so that it can run the tests it is judged by. Failing is not fatal. */
async function prepareDependencies(
  context: AttemptContext,
  workspace: Workspace,
): Promise<{ mounts: readonly Mount[]; scratch: readonly string[] }> {
  await enter(context, "dependencies");
  const { gates, log } = context.services;
  try {
    const answer = await gates.prepare(
      { mirror: workspace.mirror, commit: workspace.baseCommit },
      context.signal,
    );
    await record(context, {
      type: "workspace.dependencies",
      data: { prepared: answer.prepared, message: answer.message, durationMs: answer.durationMs },
    });
    const at = (path: string): string => `/tree/${path}`;
    return {
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
    return { mounts: [], scratch: [] };
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

/** Guides and skills are read from the base commit: what the branch's people wrote, not what an agent left. */
async function firstPrompt(context: AttemptContext, workspace: Workspace): Promise<string> {
  const read = async (path: string): Promise<QuotedFile[]> => {
    const { mirror, baseCommit } = workspace;
    const bytes = await context.services.workspaces.readFile(mirror, baseCommit, path, MAX_GUIDE_BYTES);
    return bytes === null ? [] : [{ path, text: bytes.toString("utf8") }];
  };
  const guides = (await Promise.all(GUIDES.map(read))).flat();
  const skillFiles = context.task.skills
    .filter((name) => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name))
    .flatMap((name) => [`.mosaic/skills/${name}.md`, `.claude/skills/${name}/SKILL.md`]);
  const skills = (await Promise.all(skillFiles.map(read))).flat();
  return taskPrompt(context.task, guides, skills);
}
