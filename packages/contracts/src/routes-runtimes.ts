import { defineRoute, type RouteTable } from "./route.ts";
import { RuntimeList } from "./runtimes.ts";

/** The ways to run agents. */
export const runtimeRoutes = {
  listRuntimes: defineRoute({
    method: "GET",
    path: "/runtimes",
    summary: "The ways to run agents here, and what those that cannot be used need",
    scope: "read",
    response: RuntimeList,
    status: 200,
    problems: [],
  }),
} as const satisfies RouteTable;
