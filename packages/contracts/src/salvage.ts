import { z } from "zod";
import { AgentId, Count, ObjectId, Timestamp } from "./primitives.ts";

export const SALVAGE_KINDS = ["kept", "salvage", "snapshot", "commits"] as const;

/** Names a thing of {@link AgentSalvage}. */
export const SalvageRef = z
  .string()
  .max(300)
  .regex(/^(?:refs\/mosaic|kept)\/[\w./-]+$/, "must be a ref of the salvage list");

export const SalvagedWork = z.object({
  ref: SalvageRef.meta({ description: "A ref of the mirror, or `kept/<folder>` of the data folder." }),
  kind: z.enum(SALVAGE_KINDS).meta({
    description:
      "kept: files that no commit could be made of; salvage: what the workspace held when it was removed; snapshot: what a turn ended with; commits: what the agent committed itself.",
  }),
  commit: ObjectId.nullable(),
  tree: ObjectId.nullable().meta({ description: "git's id of the files; null for `kept`." }),
  at: Timestamp,
  files: Count,
  bytes: Count,
});
export type SalvagedWork = z.infer<typeof SalvagedWork>;

/** What there is of an agent's work, the best first: `items[0]` is what is restored unless another is named. */
export const AgentSalvage = z.object({ agentId: AgentId, items: z.array(SalvagedWork) });
export type AgentSalvage = z.infer<typeof AgentSalvage>;

export const SalvageArchiveQuery = z.object({
  ref: SalvageRef.optional().meta({ description: "Default: the first of the list." }),
});
