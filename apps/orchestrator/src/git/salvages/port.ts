/**
 * `kept`: files that no commit could be made of; `salvage`: what a workspace held when it was removed; `snapshot`: what a
 * turn ended with; `commits`: what the agent committed or stashed itself.
 */
export type SalvageKind = "kept" | "salvage" | "snapshot" | "commits";

/** One thing an agent's work can be had back from. */
export interface Salvaged {
  /** Name of a ref in the mirror, or `kept/<folder>` in the data folder. */
  readonly ref: string;
  readonly kind: SalvageKind;
  /** null for `kept`. */
  readonly commit: string | null;
  readonly tree: string | null;
  /** ISO 8601. */
  readonly at: string;
  readonly files: number;
  /** Of the files, as they are restored. */
  readonly bytes: number;
}

/** All there is of one agent, which goes together; or one folder of `kept` that belongs to no agent. */
export interface SalvageSet {
  /** null for a damaged mirror and the like. */
  readonly agentId: string | null;
  readonly mirror: string | null;
  readonly refs: readonly { readonly name: string; readonly objectId: string }[];
  /** Names in `kept`. */
  readonly kept: readonly string[];
  /** When the newest of it was made, in milliseconds since the epoch. */
  readonly at: number;
  /** The agent has a workspace: it lives, or its end is not cleaned up. */
  readonly inUse: boolean;
}

export interface SalvageUsage {
  /** Agents with something to restore. */
  readonly agents: number;
  /** On disk: objects that no branch of a remote has, and `kept`. */
  readonly bytes: number;
}

/** What was saved of agents' work: reading it, and letting go of it. */
export interface Salvages {
  /**
   * What there is for an agent, the best first: the last files, then older ones, then its own commits. Waits for a salvage
   * that is being made.
   */
  list(agentId: string, mirror: string): Promise<readonly Salvaged[]>;
  /**
   * One of them as a tar stream: every file, link and executable bit, byte for byte, whatever `.gitattributes` say.
   * Names that are no UTF-8 are in the PAX records MOSAIC.path and MOSAIC.linkpath (base64). An error breaks it off.
   */
  archive(mirror: string, salvaged: Salvaged, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Whether a commit is in a mirror (still). */
  holds(mirror: string, commit: string): Promise<boolean>;
  sets(): Promise<readonly SalvageSet[]>;
  usage(): Promise<SalvageUsage>;
  /** Lets go of a set for good. Refused for an agent that has a workspace. */
  remove(set: SalvageSet): Promise<void>;
  /**
   * Gives the space of what was let go back, and packs mirrors that grew. Only mirrors no workspace borrows from; gives
   * way at once when one is needed. Never throws; answers with a line for each mirror it worked on.
   */
  reclaim(signal: AbortSignal): Promise<readonly string[]>;
}
