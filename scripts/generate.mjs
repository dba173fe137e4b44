// Writes docs/reference and the control plane's SQL from the code; with --check, compares instead.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { configurationReference } from "@mosaic/config";
import {
  apiRoutes,
  coordinatorRoutes,
  eventReference,
  orchestratorRoutes,
  problemReference,
  routeReference,
  toOpenApi,
} from "@mosaic/contracts";
import { compiledSource } from "../packages/store/src/control/compile.ts";
import { POSTGRES, SQLITE } from "../packages/store/src/control/dialect.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const openApi = (routes, title) => `${JSON.stringify(toOpenApi(routes, { title, version }), null, 2)}\n`;

const FILES = {
  "docs/reference/configuration.md": configurationReference(),
  "docs/reference/problems.md": problemReference(),
  "docs/reference/events.md": eventReference(),
  "docs/reference/routes.md": routeReference({
    "Orchestrator (3001)": orchestratorRoutes,
    "Coordinator (8000)": coordinatorRoutes,
    "Api (3000)": apiRoutes,
  }),
  "docs/reference/orchestrator.openapi.json": openApi(orchestratorRoutes, "Mosaic orchestrator"),
  "docs/reference/coordinator.openapi.json": openApi(coordinatorRoutes, "Mosaic coordinator"),
  "docs/reference/api.openapi.json": openApi(apiRoutes, "Mosaic api"),
  "packages/store/src/control/compiled/sqlite.ts": compiledSource(SQLITE),
  "packages/store/src/control/compiled/postgres.ts": compiledSource(POSTGRES),
};

const check = process.argv.includes("--check");
const stale = Object.entries(FILES).filter(
  ([file, text]) => !existsSync(file) || readFileSync(file, "utf8") !== text,
);
if (!check) {
  mkdirSync("docs/reference", { recursive: true });
  for (const [file, text] of stale) writeFileSync(file, text);
}
for (const [file] of stale)
  console.log(`${file} ${check ? "is not up to date; run npm run generate" : "written"}`);
process.exit(check && stale.length > 0 ? 1 : 0);
