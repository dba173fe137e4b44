import { readInteger, readText } from "../read-field.ts";
import type { BudgetSubject, Balance, Sums, SumsQuery, UsageEntry, UsageTotals } from "../usage-ledger.ts";
import { toNano, toUsd } from "./nano.ts";
import type { Ask, Steps } from "./steps.ts";
import type { COUNTED } from "./tables.ts";

type Counts = Readonly<Record<(typeof COUNTED)[number], unknown>>;

/** Where an entry is counted beside its agent and task. */
export interface Placed {
  readonly repository: string;
  readonly day: string;
}

/** The ledger of what was spent, with its sums by day beside it, so that a list does not add up every request. */
export function createUsage(ask: Ask) {
  const by = {
    agent: ask.sumsByAgent,
    task: ask.sumsByTask,
    repository: ask.sumsByRepository,
    day: ask.sumsByDay,
  } as const;
  /** Writes an entry and adds it to its day; the sums of the budgets belong to the reservations. */
  function* record(entry: UsageEntry, { repository, day }: Placed): Steps<void> {
    const { agentId, taskId, requestId, model, status, priceVersion, at, complete } = entry;
    const counted = {
      agent_id: agentId,
      task_id: taskId,
      input_tokens: entry.inputTokens,
      output_tokens: entry.outputTokens,
      cache_write_5m_tokens: entry.cacheWrite5mTokens,
      cache_write_1h_tokens: entry.cacheWrite1hTokens,
      cache_read_tokens: entry.cacheReadTokens,
      nano: toNano(entry.costUsd),
    };
    const request = { request_id: requestId, model, status, price_version: priceVersion, at };
    yield* ask.insertEntry({ ...counted, ...request, complete: Number(complete) });
    yield* ask.addToDay({ ...counted, repository, day });
  }

  function* totals(agentIds: readonly string[]): Steps<readonly (readonly [string, UsageTotals])[]> {
    const rows = yield* ask.totalsOfAgents({ agents: JSON.stringify(agentIds.map((id) => [id])) });
    return rows.map((row) => {
      const agentId = readText(row, "agent_id", "a sum of usage");
      return [agentId, toTotals(row, `the usage of agent ${agentId}`)];
    });
  }

  function* balances(subjects: readonly BudgetSubject[]): Steps<readonly Balance[]> {
    const wanted = subjects.map(({ scope, subject }) => [scope, subject]);
    const rows = yield* ask.balances({ subjects: JSON.stringify(wanted) });
    const found = new Map(rows.map((row) => [`${String(row.scope)} ${String(row.subject)}`, row]));
    return subjects.map(({ scope, subject }) => {
      const row = found.get(`${scope} ${subject}`);
      return row === undefined
        ? { spentUsd: 0, reservedUsd: 0 }
        : {
            spentUsd: toUsd(readInteger(row, "spent_nano", `budget ${scope} ${subject}`)),
            reservedUsd: toUsd(readInteger(row, "reserved_nano", `budget ${scope} ${subject}`)),
          };
    });
  }

  function* sums(query: SumsQuery): Steps<Sums> {
    // Every date is greater than the empty text.
    const since = query.since ?? "";
    const rows = yield* by[query.by]({ since, limit: query.limit });
    const [all] = yield* ask.sumsOfAll({ since });
    if (all === undefined) throw new Error("a sum without groups has one row");
    return {
      items: rows.map((row) => {
        const subject = readText(row, "subject", "a sum of usage");
        return { subject, ...toTotals(row, `the usage of ${query.by} ${subject}`) };
      }),
      total: toTotals(all, "the usage of all"),
    };
  }

  return { record, totals, balances, sums };
}

/** @throws CorruptRecordError */
function toTotals(row: Counts, record: string): UsageTotals {
  return {
    requests: readInteger(row, "requests", record),
    inputTokens: readInteger(row, "input_tokens", record),
    outputTokens: readInteger(row, "output_tokens", record),
    cacheWrite5mTokens: readInteger(row, "cache_write_5m_tokens", record),
    cacheWrite1hTokens: readInteger(row, "cache_write_1h_tokens", record),
    cacheReadTokens: readInteger(row, "cache_read_tokens", record),
    costUsd: toUsd(readInteger(row, "nano", record)),
  };
}
