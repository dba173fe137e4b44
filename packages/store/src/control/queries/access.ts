import type { Dialect } from "../dialect.ts";
import { pick, query } from "../query.ts";
import { COLUMNS, type ControlTables } from "../tables.ts";

/** Tokens, and findings of secrets that people have let pass. */
export function accessQueries({ db }: Dialect) {
  return {
    putToken: query((p: ControlTables["tokens"]) =>
      db
        .insertInto("tokens")
        .values(pick(p, COLUMNS.tokens))
        .onConflict((conflict) =>
          conflict.column("name").doUpdateSet((eb) => ({
            scopes: eb.ref("excluded.scopes"),
            created_at: eb.ref("excluded.created_at"),
            hash: eb.ref("excluded.hash"),
          })),
        ),
    ),
    findToken: query((p: { hash: string }) =>
      db.selectFrom("tokens").select(["name", "scopes", "created_at"]).where("hash", "=", p.hash),
    ),
    listTokens: query(() => db.selectFrom("tokens").select(["name", "scopes", "created_at"]).orderBy("name")),
    removeToken: query((p: { name: string }) =>
      db.deleteFrom("tokens").where("name", "=", p.name).returning("name"),
    ),
    allowSecret: query((p: ControlTables["allowed_secrets"]) =>
      db
        .insertInto("allowed_secrets")
        .values(pick(p, COLUMNS.allowed_secrets))
        .onConflict((conflict) =>
          conflict.column("fingerprint").doUpdateSet((eb) => ({
            reason: eb.ref("excluded.reason"),
            allowed_by: eb.ref("excluded.allowed_by"),
            allowed_at: eb.ref("excluded.allowed_at"),
          })),
        ),
    ),
    listAllowedSecrets: query(() =>
      db
        .selectFrom("allowed_secrets")
        .select(["fingerprint", "reason", "allowed_by", "allowed_at"])
        .orderBy("allowed_at")
        .orderBy("fingerprint"),
    ),
    disallowSecret: query((p: { fingerprint: string }) =>
      db.deleteFrom("allowed_secrets").where("fingerprint", "=", p.fingerprint).returning("fingerprint"),
    ),
  };
}
