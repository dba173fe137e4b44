import type { Scope } from "@mosaic/contracts";

export interface AuditEntry {
  readonly seq: number;
  readonly at: string;
  /** Token name, `system`, or `boot`. */
  readonly actor: string;
  /** For example `agent.kill`, `queue.pause`, `gates.skip`, `token.create`. */
  readonly action: string;
  readonly subject: string;
  readonly reason: string;
  /** JSON of what was so before and what came of it. */
  readonly data: unknown;
  readonly previousHash: string;
  /** SHA-256 over the previous hash and the canonical entry. */
  readonly hash: string;
}

export type NewAuditEntry = Pick<AuditEntry, "at" | "actor" | "action" | "subject" | "reason" | "data">;

/** Who did what, why and when: append-only, each entry chained to the one before it. */
export interface AuditLog {
  append(entry: NewAuditEntry): Promise<AuditEntry>;
  /** Oldest first. */
  list(after: number, limit: number): Promise<readonly AuditEntry[]>;
  /** Recomputes the chain; names the first entry that does not fit. */
  verify(): Promise<
    { readonly ok: true; readonly entries: number } | { readonly ok: false; readonly seq: number }
  >;
}

export interface TokenRecord {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: string;
}

/** Access tokens. Only a SHA-256 of a token is kept; a token has 256 random bits, so a slow hash adds nothing. */
export interface TokenStore {
  /** Adds or replaces the token called `name`. */
  put(record: TokenRecord, hash: string): Promise<void>;
  findByHash(hash: string): Promise<TokenRecord | null>;
  list(): Promise<readonly TokenRecord[]>;
  remove(name: string): Promise<boolean>;
}
