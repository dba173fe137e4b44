import type { DatabaseSync } from "node:sqlite";
import type { AllowedSecret } from "../../allowed-secrets.ts";

/** Findings that people have let pass. */
export function createAllowedSecretTable(db: DatabaseSync) {
  const put = db.prepare(
    `INSERT INTO allowed_secrets (fingerprint, reason, allowed_by, allowed_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (fingerprint) DO UPDATE
     SET reason = excluded.reason, allowed_by = excluded.allowed_by, allowed_at = excluded.allowed_at`,
  );
  const all = db.prepare(
    `SELECT fingerprint, reason, allowed_by AS allowedBy, allowed_at AS allowedAt
     FROM allowed_secrets ORDER BY allowed_at, fingerprint`,
  );
  const remove = db.prepare("DELETE FROM allowed_secrets WHERE fingerprint = ?");
  return {
    put: ({ fingerprint, reason, allowedBy, allowedAt }: AllowedSecret): void => {
      put.run(fingerprint, reason, allowedBy, allowedAt);
    },
    list: (): readonly AllowedSecret[] => all.all().map((row) => ({ ...row }) as unknown as AllowedSecret),
    remove: (fingerprint: string): boolean => remove.run(fingerprint).changes !== 0,
  };
}
