import type { AuditEntry } from "@mosaic/contracts";
import { CliError, EXIT } from "../exit.ts";
import { auditLines } from "../render/audit-lines.ts";
import type { CommandContext } from "./context.ts";

export interface AuditFlags {
  readonly limit: number;
  readonly after: number;
}

/** The most the API gives at once. */
const PAGE = 500;

/** `mosaic audit list`: who did what, why and when; oldest first. */
export async function auditList(context: CommandContext, flags: AuditFlags): Promise<void> {
  const { terminal, signal } = context;
  const client = await context.connect();
  const items: AuditEntry[] = [];
  let after: number | null = flags.after;
  while (after !== null && items.length < flags.limit) {
    const query = { after, limit: Math.min(PAGE, flags.limit - items.length) };
    const page: { items: AuditEntry[]; nextAfter: number | null } = await client.call(
      "listAudit",
      { query },
      { signal },
    );
    items.push(...page.items);
    after = page.nextAfter;
  }
  if (terminal.json) return terminal.jsonLine({ items, nextAfter: after });
  terminal.lines(auditLines(items, terminal.paint));
  if (after !== null) terminal.say(`there may be more: --after ${after}`);
}

/** `mosaic audit verify`: recomputes the chain. Exit 1, and the first entry that does not fit, when it is broken. */
export async function auditVerify(context: CommandContext): Promise<void> {
  const { terminal, signal } = context;
  const client = await context.connect();
  const found = await client.call("verifyAudit", undefined, { signal });
  if (terminal.json) terminal.jsonLine(found);
  else if (found.ok) terminal.line(`${found.entries ?? 0} entries, and every one fits`);
  if (found.ok) return;
  throw new CliError(EXIT.failure, `the audit log was changed: entry ${found.brokenAt} does not fit`, {
    hints: ["Entries before it are as they were written. Compare with a backup of mosaic.db."],
  });
}
