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

const LimitKeeper = z.enum(["kernel", "watcher", "none"]).meta({
  description:
    "`kernel`: cannot be passed. `watcher`: looked at again and again, killed when passed. `none`: nobody.",
});

export const SandboxFacts = z
  .object({
    name: z.enum(["docker", "podman", "bubblewrap", "none"]),
    isolates: z.boolean().meta({ description: "False: what runs has the rights of the server itself." }),
    limits: z.object({ memory: LimitKeeper, processes: LimitKeeper, cpus: LimitKeeper }),
  })
  .meta({ description: "What agents or gates run in here, and who keeps which limit." });
export type SandboxFacts = z.infer<typeof SandboxFacts>;

export const Meta = z.object({
  name: z.string(),
  version: z.string(),
  warnings: z.array(z.string()),
  sandbox: SandboxFacts.nullable().meta({
    description: "Null for a plane that runs nothing, and where no sandbox works: `/health/ready` says why.",
  }),
});
