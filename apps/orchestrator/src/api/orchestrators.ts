import type { orchestratorRoutes } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import { forgetOrchestrator } from "../instances/forget.ts";
import type { Kill } from "../killswitch/kill.ts";
import type { Services } from "../services.ts";

type InstanceRoutes = Pick<typeof orchestratorRoutes, "listOrchestrators" | "forgetOrchestrator">;

/** Handlers of the routes about the installation's orchestrators. */
export function orchestratorHandlers(services: Services, kill: Kill): Handlers<InstanceRoutes> {
  return {
    async listOrchestrators() {
      const all = await services.instances.list();
      return {
        items: all.map(({ instanceId, alive, host, pid, url, version, ...rest }) => ({
          instanceId,
          self: instanceId === services.instanceId,
          alive,
          host,
          pid,
          url,
          version,
          capacity: rest.capacity,
          running: rest.running,
          startedAt: rest.startedAt,
          heartbeatAt: rest.heartbeatAt,
        })),
      };
    },
    async forgetOrchestrator({ params, body }, { caller }) {
      const order = { by: caller.name, why: body?.reason ?? "no reason given" };
      const killed = await forgetOrchestrator(services, kill, { instanceId: params.instanceId, order });
      return { instanceId: params.instanceId, killed: [...killed] };
    },
  };
}
