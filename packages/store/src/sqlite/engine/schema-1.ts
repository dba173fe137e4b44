/**
 * The first schema. Released migrations are never edited: a change is a new file.
 *
 * Why some of it is as it is:
 * - `agents` repeats its task's type and repository, which never change, so that every filtered list reads one index
 *   in the order of the page.
 * - `pending_tasks` is kept by triggers: an admission compares with it, and counting 100,000 rows each time would not do.
 * - `events.id` is AUTOINCREMENT: an id is never given twice, even after the newest events were pruned.
 * - `queue.wakes_at` is when a delayed entry becomes due, or when a lease expires: one index answers both.
 */
export const SCHEMA_1 = `
CREATE TABLE tasks (
  task_id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  agent_type TEXT NOT NULL,
  gate_profile TEXT NOT NULL,
  gates TEXT NOT NULL,
  repository TEXT NOT NULL,
  branch TEXT NOT NULL,
  work_items TEXT NOT NULL,
  skills TEXT NOT NULL,
  options TEXT NOT NULL,
  priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 10),
  max_retries INTEGER NOT NULL CHECK (max_retries >= 0),
  agent_id TEXT NOT NULL,
  attempt INTEGER NOT NULL CHECK (attempt >= 1),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL
) STRICT;
CREATE INDEX tasks_by_state ON tasks (state, created_at, task_id);

CREATE TABLE pending_tasks (only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL) STRICT;
INSERT INTO pending_tasks VALUES (1, 0);
CREATE TRIGGER task_admitted AFTER INSERT ON tasks WHEN NEW.state = 'pending'
BEGIN UPDATE pending_tasks SET number = number + 1; END;
CREATE TRIGGER task_becomes_pending AFTER UPDATE OF state ON tasks
WHEN NEW.state = 'pending' AND OLD.state <> 'pending'
BEGIN UPDATE pending_tasks SET number = number + 1; END;
CREATE TRIGGER task_leaves_pending AFTER UPDATE OF state ON tasks
WHEN OLD.state = 'pending' AND NEW.state <> 'pending'
BEGIN UPDATE pending_tasks SET number = number - 1; END;
CREATE TRIGGER task_removed AFTER DELETE ON tasks WHEN OLD.state = 'pending'
BEGIN UPDATE pending_tasks SET number = number - 1; END;

CREATE TABLE agents (
  agent_id TEXT PRIMARY KEY,
  task_id TEXT NOT NULL REFERENCES tasks (task_id),
  state TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  spawned_at TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  model TEXT NOT NULL,
  yolo INTEGER NOT NULL CHECK (yolo IN (0, 1)),
  retry_of TEXT REFERENCES agents (agent_id),
  retried_by TEXT,
  started_at TEXT,
  completed_at TEXT,
  error TEXT,
  reason TEXT,
  details TEXT,
  step TEXT,
  sandbox TEXT,
  branch TEXT,
  base_commit TEXT,
  snapshot_commit TEXT,
  pushed_commit TEXT,
  kill_requested_at TEXT,
  owner TEXT,
  agent_type TEXT NOT NULL,
  repository TEXT NOT NULL
) STRICT;
CREATE INDEX agents_by_time ON agents (spawned_at, agent_id);
CREATE INDEX agents_by_state ON agents (state, spawned_at, agent_id);
CREATE INDEX agents_by_task ON agents (task_id, spawned_at, agent_id);
CREATE INDEX agents_by_type ON agents (agent_type, spawned_at, agent_id);
CREATE INDEX agents_by_repository ON agents (repository, spawned_at, agent_id);

CREATE TABLE events (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT NOT NULL,
  time TEXT NOT NULL,
  subject TEXT NOT NULL,
  task_id TEXT,
  transcript INTEGER NOT NULL CHECK (transcript IN (0, 1)),
  data TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_subject ON events (subject, id);
CREATE INDEX events_lifecycle ON events (id, type) WHERE transcript = 0;

CREATE TABLE queue (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id TEXT NOT NULL UNIQUE,
  priority INTEGER NOT NULL CHECK (priority BETWEEN 1 AND 10),
  state TEXT NOT NULL CHECK (state IN ('ready', 'delayed', 'active')),
  wakes_at INTEGER,
  worker_id TEXT,
  token TEXT,
  claims INTEGER NOT NULL DEFAULT 0,
  CHECK ((state = 'ready') = (wakes_at IS NULL)),
  CHECK (state <> 'active' OR token IS NOT NULL)
) STRICT;
CREATE INDEX queue_ready ON queue (priority DESC, seq) WHERE state = 'ready';
CREATE INDEX queue_waiting ON queue (wakes_at) WHERE wakes_at IS NOT NULL;
CREATE INDEX queue_leases ON queue (worker_id, state) WHERE token IS NOT NULL;

CREATE TABLE queue_totals (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
  completed INTEGER NOT NULL,
  failed INTEGER NOT NULL
) STRICT;
INSERT INTO queue_totals VALUES (1, 0, 0, 0);

CREATE TABLE usage_entries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  model TEXT NOT NULL,
  status INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_write_5m_tokens INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL,
  price_version TEXT NOT NULL,
  at TEXT NOT NULL,
  complete INTEGER NOT NULL CHECK (complete IN (0, 1))
) STRICT;
CREATE TABLE usage_totals (
  agent_id TEXT PRIMARY KEY,
  requests INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_write_5m_tokens INTEGER NOT NULL,
  cache_write_1h_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cost_usd REAL NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  reason TEXT NOT NULL,
  data TEXT NOT NULL,
  previous_hash TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;

CREATE TABLE tokens (
  name TEXT PRIMARY KEY,
  scopes TEXT NOT NULL,
  created_at TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE write_probe (only INTEGER PRIMARY KEY CHECK (only = 1), writes INTEGER NOT NULL) STRICT;
INSERT INTO write_probe VALUES (1, 0);
`;
