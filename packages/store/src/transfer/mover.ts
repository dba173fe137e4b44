/** Who moves an installation. */
export interface Mover {
  /** For the audit log: `cli:somebody@host`. */
  readonly by: string;
  /** RFC 3339, UTC. */
  readonly at: string;
}
