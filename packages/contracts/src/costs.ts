import { z } from "zod";
import { Usage } from "./agents.ts";

const Dollars = z.number().min(0).meta({ description: "US dollars." });

export const CostGrouping = z.enum(["agent", "task", "repository", "day"]);
export type CostGrouping = z.infer<typeof CostGrouping>;

export const CostsQuery = z.object({
  by: CostGrouping.default("day"),
  since: z.iso.date().optional().meta({ description: "First day that counts (UTC); default: all of them." }),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

/** What a limit leaves. Without a limit, `limitUsd` and `remainingUsd` are null. */
export const Budget = z.object({
  spentUsd: Dollars.meta({ description: "Since ever, whatever `since` says; of a day, on that day." }),
  reservedUsd: Dollars.meta({ description: "Held for requests under way." }),
  limitUsd: Dollars.nullable(),
  remainingUsd: Dollars.nullable().meta({ description: "Neither spent nor held." }),
});
export type Budget = z.infer<typeof Budget>;

export const CostReport = z.object({
  by: CostGrouping,
  since: z.iso.date().nullable(),
  items: z.array(
    Usage.extend({
      key: z.string().meta({ description: "Agent id, task id, repository, or date (UTC)." }),
      budget: Budget,
    }),
  ),
  total: Usage.meta({ description: "Of everything since `since`, beyond `limit`, too." }),
  instance: Budget.meta({ description: "MOSAIC_BUDGET_INSTANCE_USD" }),
  today: Budget.meta({ description: "MOSAIC_BUDGET_DAY_USD" }),
});
export type CostReport = z.infer<typeof CostReport>;
