import type { DatabaseSync } from "node:sqlite";
import type { TokenRecord } from "../../ledgers.ts";
import { readJson, type Row } from "./rows.ts";

/** The access tokens. */
export function createTokenTable(db: DatabaseSync) {
  const columns = "name, scopes, created_at";
  const put = db.prepare(
    `INSERT INTO tokens (name, scopes, created_at, hash) VALUES (?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET scopes = excluded.scopes, created_at = excluded.created_at, hash = excluded.hash`,
  );
  const byHash = db.prepare(`SELECT ${columns} FROM tokens WHERE hash = ?`);
  const all = db.prepare(`SELECT ${columns} FROM tokens ORDER BY name`);
  const remove = db.prepare("DELETE FROM tokens WHERE name = ?");

  return {
    put: ({ name, scopes, createdAt }: TokenRecord, hash: string): void => {
      put.run(name, JSON.stringify(scopes), createdAt, hash);
    },
    find: (hash: string): TokenRecord | null => {
      const row = byHash.get(hash);
      return row === undefined ? null : toToken(row);
    },
    list: (): readonly TokenRecord[] => {
      return all.all().map(toToken);
    },
    remove: (name: string): boolean => {
      return remove.run(name).changes !== 0;
    },
  };
}

/** @throws CorruptRecordError */
function toToken(row: Row): TokenRecord {
  const name = String(row["name"]);
  const scopes = readJson(row, "scopes", `token ${name}`, "array") as TokenRecord["scopes"];
  return { name, scopes, createdAt: String(row["created_at"]) };
}
