import type { EventData, EventType, NewEvent } from "@mosaic/contracts";
import type { Services } from "../services.ts";
import { type Execution, StopSignal } from "../spawner/registry.ts";
import { type AgentMonitor, createAgentMonitor } from "./agent-monitor.ts";
import { measureDisk, measureUse } from "./disk.ts";

/** The monitor of an attempt: a limit is told as an event, then the agent is asked to stop, and killed after its grace. */
export function monitorOf(
  services: Pick<Services, "settings" | "state" | "now" | "log">,
  execution: Execution,
): AgentMonitor {
  const { settings } = services;
  const tell = <T extends EventType>(type: T, data: EventData<T>): void => {
    const { agentId, taskId } = execution;
    if (execution.killed) return;
    const event = { type, time: services.now().toISOString(), subject: agentId, taskId, data } as NewEvent;
    services.state.append([event]).catch((error: unknown) => {
      services.log.error({ agentId, err: error }, "what the monitor saw could not be recorded");
    });
  };
  return createAgentMonitor({
    limits: {
      silenceMs: settings.agentSilenceMs,
      loop: settings.agentLoopLimit,
      diskBytes: settings.agentDiskBytes,
    },
    folders: () =>
      execution.workspace === null ? [] : [execution.workspace.tree, execution.workspace.privateDir],
    measure: measureDisk,
    measureUse,
    warn: (limit, detail) => tell("agent.stalled", { limit, detail }),
    act(limit, cause, detail) {
      const graceMs = settings.cancelGraceMs;
      tell("agent.limit_reached", { limit, detail, graceSeconds: graceMs / 1000 });
      execution.stop.abort(new StopSignal(cause, { message: detail, graceMs }));
    },
    now: () => performance.now(),
    after(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
  });
}
