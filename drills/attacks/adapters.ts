import { request } from "node:http";
import { once } from "node:events";
import { json } from "node:stream/consumers";
import {
  type EngineInTest,
  startDockerEngine,
  startPodmanEngine,
  whyNoDockerEngine,
  whyNoPodmanEngine,
} from "@mosaic/testing";

/** A sandbox adapter of this machine, and how its owner would choose it. */
export interface Adapter {
  readonly name: "bubblewrap" | "docker" | "podman";
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

interface Kind {
  readonly name: "docker" | "podman";
  /** The setting that names its socket. */
  readonly socket: "DOCKER_SOCKET" | "MOSAIC_PODMAN_SOCKET";
  readonly why: () => string | null;
  readonly start: () => Promise<EngineInTest>;
}

/** Engines of containers that the drill can have. */
export const ENGINES: readonly Kind[] = [
  { name: "docker", socket: "DOCKER_SOCKET", why: whyNoDockerEngine, start: startDockerEngine },
  { name: "podman", socket: "MOSAIC_PODMAN_SOCKET", why: whyNoPodmanEngine, start: startPodmanEngine },
];

/** An adapter with an engine of the drill's own, or why there is none. */
export async function startEngine({ name, socket, why, start }: Kind): Promise<Adapter | string> {
  const missing = why();
  if (missing !== null) return missing;
  const engine = await start();
  return {
    name,
    env: { SANDBOX_RUNTIME: name, [socket]: engine.socketPath },
    async containers() {
      const asked = request({ socketPath: engine.socketPath, path: "/v1.41/containers/json?all=true" }).end();
      const [response] = (await once(asked, "response")) as [NodeJS.ReadableStream];
      const found = (await json(response)) as readonly { readonly Names: readonly string[] }[];
      return found.flatMap(({ Names }) => Names);
    },
    close: () => engine.close(),
  };
}
