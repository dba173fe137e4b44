import { z } from "zod";
import { Count, Timestamp } from "./primitives.ts";

/** An orchestrator of the installation. An embedded one has just itself. */
export const Orchestrator = z.object({
  instanceId: z.uuid(),
  self: z.boolean().meta({ description: "The one that answers." }),
  alive: z
    .boolean()
    .meta({ description: "Its heartbeat is not older than it may be, by the store's clock." }),
  host: z.string(),
  pid: z.int(),
  url: z.string(),
  version: z.string(),
  capacity: Count.meta({ description: "Agents it runs at once at most." }),
  running: Count,
  startedAt: Timestamp,
  heartbeatAt: Timestamp,
});
export type Orchestrator = z.infer<typeof Orchestrator>;

export const OrchestratorList = z.object({ items: z.array(Orchestrator) });

export const ForgetRequest = z.object({ reason: z.string().min(1).max(500).optional() });

export const Forgotten = z.object({
  instanceId: z.uuid(),
  killed: z.array(z.string()).meta({
    description: "Agents whose kill had been ordered and could not be confirmed by it; they are killed now.",
  }),
});
export type Forgotten = z.infer<typeof Forgotten>;

/** One that did not answer an order in time. */
export const SilentOrchestrator = z.object({
  instanceId: z.uuid(),
  host: z.string(),
  url: z.string(),
  alive: z.boolean(),
});
export type SilentOrchestrator = z.infer<typeof SilentOrchestrator>;
