import { MOVED_TABLES, type MovedTable } from "../tables.ts";
import type { ControlPlace, TransferEnd } from "./end.ts";
import { endLine, HEADER, rowLine, type Summary } from "./lines.ts";
import { openEnd } from "./open-end.ts";

/**
 * The whole control plane of one engine as lines of JSON: what was spent, budgets and what they hold, the audit log
 * with its hashes, tokens by their hashes, allowed secrets, facts. All of one moment. The place is brought to the
 * newest schema first. @throws StoreUnavailableError
 */
export async function* exportControl(from: ControlPlace): AsyncGenerator<string, void, undefined> {
  const source = await openEnd(from, "read");
  try {
    yield HEADER;
    const counts = {} as Record<MovedTable, number>;
    for (const table of MOVED_TABLES) {
      counts[table] = 0;
      for await (const row of source.rows(source.control.transfer[table].rows[0])) {
        counts[table] += 1;
        yield rowLine(table, row);
      }
    }
    yield endLine({ rows: counts, audit: await endOfAudit(source) });
  } finally {
    await source.close();
  }
}

async function endOfAudit(source: TransferEnd): Promise<Summary["audit"]> {
  const { seq, hash } = await source.one(source.control.queries.auditHead[0]);
  return { seq: Number(seq), hash: String(hash) };
}
