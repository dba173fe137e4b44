import type { CallRequest } from "@mosaic/client";
import type { CostGrouping, orchestratorRoutes } from "@mosaic/contracts";
import { costsPage } from "../render/costs-page.ts";
import type { CommandContext } from "./context.ts";

export interface CostsFlags {
  readonly by: CostGrouping;
  /** First day that counts, `YYYY-MM-DD` in UTC. */
  readonly since?: string;
  readonly limit: number;
}

type Query = NonNullable<CallRequest<(typeof orchestratorRoutes)["getCosts"]>["query"]>;

/** `mosaic costs`: what was spent, what is held, and what the budgets leave. */
export async function costs(context: CommandContext, flags: CostsFlags): Promise<void> {
  const { terminal, signal } = context;
  const { by, since, limit } = flags;
  const client = await context.connect();
  const query: Query = { by, limit, ...(since === undefined ? {} : { since }) };
  const report = await client.call("getCosts", { query }, { signal });
  if (terminal.json) terminal.jsonLine(report);
  else terminal.lines(costsPage(report, { paint: terminal.paint, width: terminal.width }));
}
