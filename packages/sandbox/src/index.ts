export * from "./port.ts";
export { createBubblewrapSandbox, type BubblewrapOptions } from "./bubblewrap/create.ts";
export { createDockerSandbox, type DockerOptions } from "./docker/create.ts";
export { dockerClient } from "./docker/connection.ts";
export { createNoneSandbox, type NoneOptions } from "./none/create.ts";
export { chooseSandbox, type ChoiceOptions, type SandboxChoice, type SandboxRuntime } from "./choose.ts";
export { clearOrphans, type OrphanLog } from "./clear-orphans.ts";
export type { SandboxFacts } from "./facts.ts";
export { type ImageIds, noImageIds } from "./image-ids.ts";
export { collect, type Collected, type CollectOptions } from "./collect.ts";
export { toolchainInImage } from "./toolchain/in-image.ts";
export { toolchainMounts, type Toolchain, type ToolchainOptions } from "./toolchain/mounts.ts";
export {
  createEgressProxy,
  type EgressDecision,
  type EgressProxy,
  type EgressProxyOptions,
} from "./egress/proxy.ts";
export { withEgress, type WithEgressOptions } from "./egress/with-egress.ts";
export { MODEL_RELAY, SANDBOX_HOME } from "./layout.ts";
