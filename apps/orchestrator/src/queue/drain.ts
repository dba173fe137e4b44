import type { Services } from "../services.ts";
import { within } from "../killswitch/within.ts";
import { StopSignal } from "../spawner/registry.ts";

/** Longest wait for attempts that were interrupted, in milliseconds: their sandboxes are dead, their work is being saved. */
const INTERRUPTED_MS = 15_000;

/**
 * Waits for the running attempts up to the grace; what is left then is interrupted, and retried at the next start. One that
 * does not end even then is left to that start.
 */
export async function drain(services: Services, interruptedMs = INTERRUPTED_MS): Promise<void> {
  const { registry, settings, log } = services;
  const running = registry.all();
  if (running.length === 0) return;
  log.info({ agents: running.length, graceMs: settings.shutdownGraceMs }, "waiting for running agents");
  const settled = Promise.all(running.map((execution) => execution.settled));
  await within(settled, settings.shutdownGraceMs);
  const interrupted = registry.all();
  for (const execution of interrupted) execution.stop.abort(new StopSignal("shutdown"));
  // An attempt may be waiting for its agent; killing the sandbox ends that wait.
  const kills = Promise.all(interrupted.map(async (execution) => await execution.session?.kill()));
  const { done } = await within(Promise.all([kills, settled]), interruptedMs);
  if (done) return;
  const agents = registry.all().map(({ agentId }) => agentId);
  log.error({ agents }, "attempts do not end; the next start ends them");
}
