import { hostname } from "node:os";
import type { InstanceBeat } from "@mosaic/store";
import type { Services } from "../services.ts";

/** Heartbeats that may be missed before an orchestrator is taken for lost. */
const MISSED = 3;

export interface Heartbeat {
  /** Ends it in order: nobody has to look after what this instance left. */
  stop(): Promise<void>;
}

/** Says to the other orchestrators that this one is there, first of all now. `url` is where they and people reach it. */
export async function startHeartbeat(services: Services, url: string): Promise<Heartbeat> {
  const { instances, instanceId, settings, registry, log } = services;
  const startedAt = services.now().toISOString();
  const beat = async (): Promise<void> => {
    const say: InstanceBeat = {
      instanceId,
      host: hostname(),
      pid: process.pid,
      home: settings.home,
      url,
      version: settings.version,
      capacity: settings.queueConcurrency,
      running: registry.all().length,
      startedAt,
    };
    await instances.beat(say, MISSED * settings.heartbeatMs);
  };
  await beat();
  let beating: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    beating = beat().catch((error: unknown) =>
      log.warn({ err: error }, "this orchestrator's heartbeat failed"),
    );
  }, settings.heartbeatMs);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await beating;
      await instances
        .remove(instanceId)
        .catch((error: unknown) => log.warn({ err: error }, "this orchestrator could not say that it ends"));
    },
  };
}
