import { Health, Meta, Readiness } from "./health.ts";
import { defineRoute, type RouteTable } from "./route.ts";

/** What every plane answers. */
export const healthRoutes = {
  health: defineRoute({
    method: "GET",
    path: "/health",
    summary: "The process is up",
    scope: null,
    response: Health,
    status: 200,
    problems: [],
  }),
  ready: defineRoute({
    method: "GET",
    path: "/health/ready",
    summary: "Whether the process can do its work, dependency by dependency; 503 when it cannot",
    scope: null,
    response: Readiness,
    status: 200,
    problems: [],
  }),
  meta: defineRoute({
    method: "GET",
    path: "/v1/meta",
    summary:
      "Name, version, warnings (sandbox off, scripted model, gates off), and what agents or gates run in",
    scope: "read",
    response: Meta,
    status: 200,
    problems: [],
  }),
  openapi: defineRoute({
    method: "GET",
    path: "/openapi.json",
    summary: "This description",
    scope: "read",
    response: "text",
    status: 200,
    problems: [],
  }),
  metrics: defineRoute({
    method: "GET",
    path: "/metrics",
    summary: "Prometheus metrics",
    scope: "read",
    response: "text",
    status: 200,
    problems: [],
  }),
} as const satisfies RouteTable;
