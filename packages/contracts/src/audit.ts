import { z } from "zod";
import { Count, Json, Timestamp } from "./primitives.ts";

/** One entry of the audit log. `hash` is over `previousHash` and the canonical entry. */
export const AuditEntry = z.object({
  seq: z.int().min(1),
  at: Timestamp,
  actor: z.string().meta({ description: "Token name, `system`, or `boot`." }),
  action: z.string().meta({ description: "For example `agent.kill`, `agent.cancel`, `queue.paused`." }),
  subject: z.string(),
  reason: z.string(),
  data: Json.meta({ description: "What was so before, and what came of it." }),
  previousHash: z.string(),
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

export const AuditPage = z.object({ items: z.array(AuditEntry), nextAfter: z.int().nullable() });

export const AuditQuery = z.object({
  after: z.coerce.number().int().min(0).default(0).meta({ description: "`seq` of the last entry seen." }),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

/** What recomputing the chain found. `brokenAt` is the first entry that does not fit, or that is missing. */
export const AuditVerification = z.object({
  ok: z.boolean(),
  entries: Count.nullable().meta({ description: "Entries of a sound chain; null when it is broken." }),
  brokenAt: z.int().min(1).nullable(),
});
export type AuditVerification = z.infer<typeof AuditVerification>;
