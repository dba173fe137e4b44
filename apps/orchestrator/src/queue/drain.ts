import type { Services } from "../services.ts";
import { StopSignal } from "../spawner/registry.ts";

/** Waits for the running attempts up to the grace; what is left then is interrupted, and retried at the next start. */
export async function drain(services: Services): Promise<void> {
  const { registry, settings, log } = services;
  const running = registry.all();
  if (running.length === 0) return;
  log.info({ agents: running.length, graceMs: settings.shutdownGraceMs }, "waiting for running agents");
  const settled = Promise.all(running.map((execution) => execution.settled));
  const { promise: grace, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, settings.shutdownGraceMs);
  await Promise.race([settled, grace]);
  clearTimeout(timer);
  const interrupted = registry.all();
  for (const execution of interrupted) execution.stop.abort(new StopSignal("shutdown"));
  // An attempt may be waiting for its agent; killing the sandbox ends that wait.
  await Promise.all(interrupted.map(async (execution) => await execution.session?.kill()));
  await settled;
}
