export { demoRepositoryPath } from "./demo-repository.ts";
export { fakeSecret, type FakeSecretKind } from "./fake-secret.ts";
export {
  listScenarios,
  loadScenario,
  parseScenario,
  ScenarioError,
  type ScenarioSummary,
} from "./load-scenario.ts";
export { createReplayServer, type ReplayOptions, type ReplayServer } from "./server.ts";
export type { Scenario } from "./scenario.ts";
