/** What an orchestrator says of itself at every heartbeat. */
export interface InstanceBeat {
  readonly instanceId: string;
  /** Machine it runs on; together with `home` it tells whose leftovers lie where. */
  readonly host: string;
  readonly pid: number;
  /** Data folder: workspaces, mirrors, salvages. */
  readonly home: string;
  /** Where other instances and people reach it. */
  readonly url: string;
  readonly version: string;
  /** Agents it runs at once at most, and now. */
  readonly capacity: number;
  readonly running: number;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
}

export interface InstanceRecord extends InstanceBeat {
  /** By the store's clock, so that a wrong clock of one host makes nobody seem dead. RFC 3339, UTC. */
  readonly heartbeatAt: string;
  /** Whether its last heartbeat is younger than the time it was given. */
  readonly alive: boolean;
}

/** The orchestrators that share a store. Every engine passes the suite in `@mosaic/testing`. */
export interface Instances {
  /** Says that the instance is there, and will be taken for dead `ttlMs` milliseconds from now. */
  beat(beat: InstanceBeat, ttlMs: number): Promise<void>;
  /** By id; those that were lost stay until somebody has looked after what they left. */
  list(): Promise<readonly InstanceRecord[]>;
  /** Takes an instance off the list: it ended in order, or what it left has been looked after. */
  remove(instanceId: string): Promise<void>;
}
