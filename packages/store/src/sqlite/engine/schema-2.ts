/**
 * Budgets. Amounts are whole billionths of a US dollar: sums of fractions would drift from the limit.
 *
 * - `budget_totals` answers in one lookup per scope what was spent and what is held; adding up would not do before
 *   each request.
 * - `usage_reservations` holds requests that were sent and not settled; what is left in it after a crash is spent.
 * - `usage_by_day` is what reports read: as many rows as agents, not as requests.
 */
export const SCHEMA_2 = `
CREATE TABLE budget_totals (
  scope TEXT NOT NULL CHECK (scope IN ('agent', 'task', 'repository', 'instance', 'day')),
  subject TEXT NOT NULL,
  spent_nano INTEGER NOT NULL DEFAULT 0 CHECK (spent_nano >= 0),
  reserved_nano INTEGER NOT NULL DEFAULT 0 CHECK (reserved_nano >= 0),
  PRIMARY KEY (scope, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE usage_reservations (
  reservation_id TEXT PRIMARY KEY,
  owner TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  repository TEXT NOT NULL,
  day TEXT NOT NULL,
  model TEXT NOT NULL,
  nano INTEGER NOT NULL CHECK (nano >= 0),
  reservation TEXT NOT NULL
) STRICT;

CREATE TABLE usage_by_day (
  day TEXT NOT NULL,
  agent_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  repository TEXT NOT NULL,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_write_5m_tokens INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  nano INTEGER NOT NULL,
  PRIMARY KEY (day, agent_id)
) STRICT, WITHOUT ROWID;

INSERT INTO usage_by_day
SELECT substr(entry.at, 1, 10), entry.agent_id, max(entry.task_id), coalesce(max(task.repository), ''), count(*),
  sum(input_tokens), sum(output_tokens), sum(cache_write_5m_tokens), sum(cache_write_1h_tokens),
  sum(cache_read_tokens), CAST(round(sum(cost_usd) * 1e9) AS INTEGER)
FROM usage_entries AS entry LEFT JOIN tasks AS task ON task.task_id = entry.task_id
GROUP BY substr(entry.at, 1, 10), entry.agent_id;
INSERT INTO budget_totals (scope, subject, spent_nano)
  SELECT 'agent', agent_id, sum(nano) FROM usage_by_day GROUP BY agent_id
  UNION ALL SELECT 'task', task_id, sum(nano) FROM usage_by_day GROUP BY task_id
  UNION ALL SELECT 'repository', repository, sum(nano) FROM usage_by_day GROUP BY repository
  UNION ALL SELECT 'day', day, sum(nano) FROM usage_by_day GROUP BY day
  UNION ALL SELECT 'instance', '', coalesce(sum(nano), 0) FROM usage_by_day;
`;
