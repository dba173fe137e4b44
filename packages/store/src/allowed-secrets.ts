/** A finding that a person has decided to let pass. */
export interface AllowedSecret {
  /** Of the finding: a salted hash of rule and value. */
  readonly fingerprint: string;
  readonly reason: string;
  /** Token name. */
  readonly allowedBy: string;
  readonly allowedAt: string;
}

/** Findings of this instance that do not block. Kept here only: what a repository says about it does not count. */
export interface AllowedSecrets {
  /** Adds a fingerprint, or replaces why and by whom it is allowed. */
  put(allowed: AllowedSecret): Promise<void>;
  /** Oldest first. */
  list(): Promise<readonly AllowedSecret[]>;
  /** False when it was not allowed. */
  remove(fingerprint: string): Promise<boolean>;
}
