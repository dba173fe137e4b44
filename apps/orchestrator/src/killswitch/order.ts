/** Who wants an agent stopped, and why: what every receipt and audit entry begins with. */
export interface KillOrder {
  /** Token name. */
  readonly by: string;
  /** Why, in the caller's words. */
  readonly why: string;
}
