import type { Dialect } from "../dialect.ts";
import { pick, query } from "../query.ts";
import { COLUMNS, type ControlTables } from "../tables.ts";

/** The audit log. */
export function auditQueries({ db }: Dialect) {
  return {
    /** Gives the next place in the chain and the hash before it. Other writers wait until this one has committed. */
    takeAuditPlace: query(() =>
      db
        .updateTable("audit_head")
        .set((eb) => ({ seq: eb("seq", "+", eb.lit(1)) }))
        .returning(["seq", "hash"]),
    ),
    /** After rows were put in from elsewhere. */
    setAuditHead: query((p: { seq: number; hash: string }) =>
      db.updateTable("audit_head").set({ seq: p.seq, hash: p.hash }),
    ),
    setAuditHash: query((p: { hash: string }) => db.updateTable("audit_head").set({ hash: p.hash })),
    insertAudit: query((p: ControlTables["audit"]) => db.insertInto("audit").values(pick(p, COLUMNS.audit))),
    auditAfter: query((p: { after: number; limit: number }) =>
      db
        .selectFrom("audit")
        .select(["seq", "at", "actor", "action", "subject", "reason", "data"])
        .select(["previous_hash", "hash"])
        .where("seq", ">", p.after)
        .orderBy("seq")
        .limit(p.limit),
    ),
    auditHead: query(() => db.selectFrom("audit_head").select(["seq", "hash"])),
  };
}
