export { buildOrchestratorApp, type OrchestratorApp } from "./app.ts";
export { openData, type Data } from "./data/open.ts";
