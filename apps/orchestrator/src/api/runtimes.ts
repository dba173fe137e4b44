import type { orchestratorRoutes, RuntimeView } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import type { Runtime } from "../runtimes/port.ts";
import type { Services } from "../services.ts";

/** Handler of the route about the ways to run agents. */
export function runtimeHandlers({
  runtimes,
}: Pick<Services, "runtimes">): Handlers<Pick<typeof orchestratorRoutes, "listRuntimes">> {
  return {
    listRuntimes: async () => ({
      items: await Promise.all(runtimes.list().map(async (one) => view(one, runtimes.defaultName))),
    }),
  };
}

async function view(runtime: Runtime, defaultName: string): Promise<RuntimeView> {
  const { name, kind } = runtime;
  const status = await runtime.status();
  const found = status.installed
    ? { version: status.version }
    : { problem: status.problem, remedy: status.remedy };
  return { name, kind, default: name === defaultName, installed: status.installed, ...found };
}
