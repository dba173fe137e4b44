import { z } from "zod";
import { Timestamp } from "./primitives.ts";

export const Health = z.object({ status: z.literal("healthy"), uptime: z.number(), timestamp: Timestamp });

export const DependencyHealth = z.object({
  ok: z.boolean(),
  detail: z.string(),
  warning: z.boolean().optional().meta({ description: "True when it works but a person should know." }),
});
export type DependencyHealth = z.infer<typeof DependencyHealth>;

export const Readiness = z.object({
  status: z.enum(["ready", "not_ready"]),
  timestamp: Timestamp,
  checks: z.record(z.string(), DependencyHealth),
  warnings: z.array(z.string()),
});
export type Readiness = z.infer<typeof Readiness>;

export const Meta = z.object({
  name: z.string(),
  version: z.string(),
  warnings: z.array(z.string()),
});
