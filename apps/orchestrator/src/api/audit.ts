import type { Json, orchestratorRoutes } from "@mosaic/contracts";
import type { Handlers } from "@mosaic/http";
import type { Services } from "../services.ts";

type AuditRoutes = Pick<typeof orchestratorRoutes, "listAudit" | "verifyAudit">;

/** Handlers of the audit log's routes. There is none that writes: entries come with what they are about. */
export function auditHandlers({ audit }: Pick<Services, "audit">): Handlers<AuditRoutes> {
  return {
    async listAudit({ query }) {
      const items = await audit.list(query.after, query.limit);
      const last = items.at(-1);
      return {
        items: items.map((entry) => ({ ...entry, data: entry.data as Json })),
        nextAfter: last !== undefined && items.length === query.limit ? last.seq : null,
      };
    },
    async verifyAudit() {
      const found = await audit.verify();
      return found.ok
        ? { ok: true, entries: found.entries, brokenAt: null }
        : { ok: false, entries: null, brokenAt: found.seq };
    },
  };
}
