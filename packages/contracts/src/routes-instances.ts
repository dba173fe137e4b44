import { z } from "zod";
import { ForgetRequest, Forgotten, OrchestratorList } from "./orchestrators.ts";
import { defineRoute, type RouteTable } from "./route.ts";

/** The orchestrators of an installation. */
export const instanceRoutes = {
  listOrchestrators: defineRoute({
    method: "GET",
    path: "/orchestrators",
    summary: "The orchestrators that share this installation's store, and which of them are alive",
    scope: "read",
    response: OrchestratorList,
    status: 200,
    problems: [],
  }),
  forgetOrchestrator: defineRoute({
    method: "POST",
    path: "/orchestrators/:instanceId/forget",
    summary: "Give up an orchestrator that will not come back; audited, refused while it is alive",
    scope: "admin",
    params: z.object({ instanceId: z.uuid() }),
    body: ForgetRequest,
    bodyOptional: true,
    response: Forgotten,
    status: 200,
    problems: ["invalid_request", "orchestrator_not_found", "orchestrator_alive"],
  }),
} as const satisfies RouteTable;
