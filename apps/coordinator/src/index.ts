export { buildCoordinatorApp, type CoordinatorApp } from "./app.ts";
export type { YoloApproval } from "./api/check-quality.ts";
export { type CoordinatorLimits, DEFAULT_LIMITS } from "./limits.ts";
export type { CoordinatorDeps, CoordinatorOptions } from "./options.ts";
export { buildConfiguredCoordinator, type ConfiguredCoordinatorOptions } from "./configured.ts";
