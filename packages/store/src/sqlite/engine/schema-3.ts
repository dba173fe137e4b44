/** Findings of secrets that people have let pass, by fingerprint. */
export const SCHEMA_3 = `
CREATE TABLE allowed_secrets (
  fingerprint TEXT PRIMARY KEY,
  reason TEXT NOT NULL,
  allowed_by TEXT NOT NULL,
  allowed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
