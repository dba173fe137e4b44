import type { CleanupStep } from "../git/port.ts";
import type { Services } from "../services.ts";
import type { Execution } from "./registry.ts";

/** Sandbox, socket and workspace of an attempt that has ended; recorded as one event (ORCH-118). Never throws. */
export async function cleanUp(services: Services, execution: Execution): Promise<readonly CleanupStep[]> {
  const steps: CleanupStep[] = [];
  const { session, door, egress, workspace } = execution;
  if (session !== null) {
    steps.push(
      await attemptStep("sandbox", async () => {
        const { survivors } = await session.kill();
        return survivors.length === 0 ? null : `processes left: ${survivors.join(", ")}`;
      }),
    );
  }
  if (door !== null) {
    steps.push(
      await attemptStep("socket", async () =>
        (await door.revoke()).gone ? null : "the socket is still there",
      ),
    );
  }
  if (egress !== null) {
    steps.push(
      await attemptStep("egress", async () =>
        (await egress.close()).gone ? null : "the egress socket is still there",
      ),
    );
  }
  if (workspace !== null) steps.push(...(await services.workspaces.remove(workspace)));
  services.reach("cleanup.done");
  await recordCleanUp(services, execution, steps);
  services.reach("cleanup.recorded");
  return steps;
}

/** One event for a clean-up, and an error in the log for what it could not do. Never throws. */
export async function recordCleanUp(
  services: Pick<Services, "state" | "log" | "now">,
  subject: { readonly agentId: string; readonly taskId: string },
  steps: readonly CleanupStep[],
): Promise<void> {
  const failed = steps.filter((step) => !step.ok);
  if (failed.length > 0)
    services.log.error({ agentId: subject.agentId, failed }, "the clean-up is not complete");
  await services.state
    .append([
      {
        type: "agent.cleanup",
        time: services.now().toISOString(),
        subject: subject.agentId,
        taskId: subject.taskId,
        data: { steps: steps.map((step) => ({ ...step })) },
      },
    ])
    .catch((error: unknown) => services.log.error({ err: error }, "the clean-up could not be recorded"));
}

/** Runs one step; `null` is success, a text is what went wrong. */
export async function attemptStep(name: string, action: () => Promise<string | null>): Promise<CleanupStep> {
  try {
    const wrong = await action();
    return wrong === null ? { name, ok: true } : { name, ok: false, detail: wrong };
  } catch (error) {
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}
