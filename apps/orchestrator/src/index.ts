export { buildOrchestratorApp, type OrchestratorApp, type OrchestratorOptions } from "./app.ts";
export { openData, type Data } from "./data/open.ts";
