import type { RouteTable } from "./route.ts";
import { healthRoutes } from "./routes-health.ts";

/** The control plane's surface so far: its own health, which includes that of the planes behind it. */
export const apiRoutes = { ...healthRoutes } as const satisfies RouteTable;
