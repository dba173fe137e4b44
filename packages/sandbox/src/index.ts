export * from "./port.ts";
export {
  createBubblewrapSandbox,
  type BubblewrapOptions,
  type BubblewrapSandbox,
} from "./bubblewrap/create.ts";
export { createNoneSandbox, type NoneOptions } from "./none/create.ts";
export { chooseSandbox, type SandboxChoice } from "./choose.ts";
export { collect, type Collected, type CollectOptions } from "./collect.ts";
export { toolchainMounts, type Toolchain, type ToolchainOptions } from "./toolchain/mounts.ts";
export {
  createEgressProxy,
  type EgressDecision,
  type EgressProxy,
  type EgressProxyOptions,
} from "./egress/proxy.ts";
export { withEgress, type WithEgressOptions } from "./egress/with-egress.ts";
export { SANDBOX_HOME } from "./layout.ts";
