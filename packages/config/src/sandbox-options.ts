import type { Config } from "./load.ts";

/** Which sandbox the owner wants, as `chooseSandbox` takes it. */
export function sandboxOptions(config: Config): {
  readonly enabled: boolean;
  readonly runtime: Config["sandboxRuntime"];
  readonly dockerSocket: string;
  readonly podmanSocket: string | undefined;
} {
  return {
    enabled: config.sandboxEnabled,
    runtime: config.sandboxRuntime,
    dockerSocket: config.dockerSocket,
    podmanSocket: config.podmanSocket,
  };
}
