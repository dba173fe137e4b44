import { request } from "node:http";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import { startDockerEngine, whyNoDockerEngine } from "@mosaic/testing";

/** A sandbox adapter of this machine, and how its owner would choose it. */
export interface Adapter {
  readonly name: "bubblewrap" | "docker";
  readonly env: Readonly<Record<string, string>>;
  /** Names of containers that are there, by the engine's own word; none where there are no containers. */
  containers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export const bubblewrap: Adapter = {
  name: "bubblewrap",
  env: { SANDBOX_RUNTIME: "bubblewrap" },
  containers: async () => await Promise.resolve([]),
  close: async () => await Promise.resolve(),
};

/** Docker with an engine of the drill's own, or why not. */
export async function docker(): Promise<Adapter | string> {
  const missing = whyNoDockerEngine();
  if (missing !== null) return missing;
  const engine = await startDockerEngine();
  return {
    name: "docker",
    env: { SANDBOX_RUNTIME: "docker", DOCKER_SOCKET: engine.socketPath },
    async containers() {
      const asked = request({ socketPath: engine.socketPath, path: "/containers/json?all=true" }).end();
      const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream];
      const found = (await json(response)) as readonly { readonly Names: readonly string[] }[];
      return found.flatMap(({ Names }) => Names);
    },
    close: () => engine.close(),
  };
}
