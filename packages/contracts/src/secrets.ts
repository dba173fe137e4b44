import { z } from "zod";
import { Timestamp } from "./primitives.ts";

/** Of a finding: a salted hash of rule and value, the same wherever the value is in this instance. */
export const SecretFingerprint = z
  .string()
  .regex(/^[0-9a-f]{32}$/, "must be a finding's fingerprint: 32 hexadecimal digits");

/** A place with a secret. Never holds the value. */
export const SecretFinding = z.object({
  rule: z.string(),
  path: z.string(),
  line: z.int().nullable(),
  fingerprint: z.string(),
});

export const AllowSecretRequest = z.strictObject({
  fingerprint: SecretFingerprint,
  reason: z.string().trim().min(1).max(500),
});

/** A finding that does not block any more. */
export const AllowedSecret = z.object({
  fingerprint: SecretFingerprint,
  reason: z.string(),
  allowedBy: z.string().meta({ description: "Token name." }),
  allowedAt: Timestamp,
});
export type AllowedSecret = z.infer<typeof AllowedSecret>;

export const AllowedSecretList = z.object({ items: z.array(AllowedSecret) });
export const AllowedSecretRemoved = z.object({ fingerprint: SecretFingerprint, removed: z.literal(true) });

/** Where a canary was seen. */
export const CANARY_PLACES = ["transcript", "gateway", "diff", "commit"] as const;
