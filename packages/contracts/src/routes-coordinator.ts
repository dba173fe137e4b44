import { PrepareRequest, PrepareResponse, QualityCheckRequest, QualityCheckResponse } from "./quality.ts";
import { defineRoute, type RouteTable } from "./route.ts";
import { healthRoutes } from "./routes-health.ts";

/** The quality plane's surface. */
export const coordinatorRoutes = {
  ...healthRoutes,
  checkQuality: defineRoute({
    method: "POST",
    path: "/api/quality/check",
    summary: "Run the gates of one phase on exactly one commit",
    scope: "spawn",
    body: QualityCheckRequest,
    response: QualityCheckResponse,
    status: 200,
    problems: [
      "invalid_request",
      "commit_not_found",
      "custom_gates_required",
      "sandbox_unavailable",
      "shutting_down",
    ],
  }),
  prepareDependencies: defineRoute({
    method: "POST",
    path: "/api/quality/prepare",
    summary: "Prepare a commit's dependencies once per lockfile, for gates and agents to mount",
    scope: "spawn",
    body: PrepareRequest,
    response: PrepareResponse,
    status: 200,
    problems: ["invalid_request", "commit_not_found", "sandbox_unavailable", "shutting_down"],
  }),
} as const satisfies RouteTable;
