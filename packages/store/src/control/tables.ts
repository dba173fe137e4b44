import type { Generated } from "kysely";

/** The control plane's tables. Whole numbers only: amounts are billionths of a US dollar. JSON is kept as text. */
export interface ControlTables {
  /** One row per request to the model. */
  usage_entries: {
    id: Generated<number>;
    agent_id: string;
    task_id: string;
    request_id: string;
    model: string;
    status: number;
    input_tokens: number;
    output_tokens: number;
    cache_write_5m_tokens: number;
    cache_write_1h_tokens: number;
    cache_read_tokens: number;
    price_version: string;
    at: string;
    complete: number;
    nano: number;
  };
  /** What reports read: as many rows as agents and days, not as requests. */
  usage_by_day: {
    day: string;
    agent_id: string;
    task_id: string;
    repository: string;
    requests: number;
    input_tokens: number;
    output_tokens: number;
    cache_write_5m_tokens: number;
    cache_write_1h_tokens: number;
    cache_read_tokens: number;
    nano: number;
  };
  /** What every limit is compared with, in one lookup. */
  budget_totals: { scope: string; subject: string; spent_nano: number; reserved_nano: number };
  /** Requests that were sent and not settled; what is left in it after a crash is spent. */
  usage_reservations: {
    reservation_id: string;
    owner: string;
    agent_id: string;
    task_id: string;
    repository: string;
    day: string;
    model: string;
    nano: number;
    reservation: string;
  };
  audit: {
    seq: number;
    at: string;
    actor: string;
    action: string;
    subject: string;
    reason: string;
    data: string;
    previous_hash: string;
    hash: string;
  };
  /** The end of the audit chain: its one row is what writers wait for, and what shows entries cut off the end. */
  audit_head: { only: number; seq: number; hash: string };
  tokens: { name: string; scopes: string; created_at: string; hash: string };
  allowed_secrets: { fingerprint: string; reason: string; allowed_by: string; allowed_at: string };
  /** Facts of the installation that all orchestrators share. */
  installation: { key: string; value: string };
  write_probe: { only: number; writes: number };
}

const TOKENS = [
  "input_tokens",
  "output_tokens",
  "cache_write_5m_tokens",
  "cache_write_1h_tokens",
  "cache_read_tokens",
] as const;

/** What is counted per agent and day. */
export const COUNTED = ["requests", ...TOKENS, "nano"] as const;

/** The tables that make up an installation, in the order in which it is moved, and their columns. */
export const COLUMNS = {
  installation: ["key", "value"],
  tokens: ["name", "scopes", "created_at", "hash"],
  allowed_secrets: ["fingerprint", "reason", "allowed_by", "allowed_at"],
  budget_totals: ["scope", "subject", "spent_nano", "reserved_nano"],
  usage_reservations: [
    "reservation_id",
    "owner",
    "agent_id",
    "task_id",
    "repository",
    "day",
    "model",
    "nano",
    "reservation",
  ],
  usage_by_day: ["day", "agent_id", "task_id", "repository", ...COUNTED],
  usage_entries: [
    "id",
    "agent_id",
    "task_id",
    "request_id",
    "model",
    "status",
    ...TOKENS,
    "price_version",
    "at",
    "complete",
    "nano",
  ],
  audit: ["seq", "at", "actor", "action", "subject", "reason", "data", "previous_hash", "hash"],
} as const satisfies {
  readonly [T in keyof ControlTables]?: readonly (keyof ControlTables[T])[];
};

export type MovedTable = keyof typeof COLUMNS;

/** Their primary keys. */
export const KEYS = {
  installation: ["key"],
  tokens: ["name"],
  allowed_secrets: ["fingerprint"],
  budget_totals: ["scope", "subject"],
  usage_reservations: ["reservation_id"],
  usage_by_day: ["day", "agent_id"],
  usage_entries: ["id"],
  audit: ["seq"],
} as const satisfies Readonly<Record<MovedTable, readonly string[]>>;

export const MOVED_TABLES = Object.keys(COLUMNS) as readonly MovedTable[];
