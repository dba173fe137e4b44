import { z } from "zod";
import { Count } from "./primitives.ts";

export const QueueStats = z.object({
  pending: Count.meta({ description: "Waiting to be claimed, paused ones included." }),
  delayed: Count.meta({ description: "Waiting for the time of their retry." }),
  active: Count,
  completed: Count,
  failed: Count,
  paused: z.boolean(),
  maxConcurrentAgents: Count,
  queueConcurrency: Count,
  maxPending: Count,
});
export type QueueStats = z.infer<typeof QueueStats>;

export const QueuePaused = z.object({
  paused: z.boolean(),
  changed: z
    .boolean()
    .optional()
    .meta({ description: "False when the queue was in that state already; then nothing was recorded." }),
});
