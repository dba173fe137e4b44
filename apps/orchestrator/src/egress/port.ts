import type { EgressDecision } from "@mosaic/sandbox";

/** One agent's way out, while it lives. */
export interface EgressDoor {
  /** Host path of the proxy's socket; its folder holds nothing else and is what a sandbox mounts. */
  readonly socketPath: string;
  /** File of further certificate authorities for what runs inside; null for none. */
  readonly caFile: string | null;
  /** Cuts every connection and removes the socket. Safe to call twice. @returns whether the socket is gone */
  close(): Promise<{ readonly gone: boolean }>;
  /** Connections so far: allowed, refused, and how many of both nobody was told of one by one. */
  counts(): EgressCounts;
}

export interface EgressCounts {
  readonly allowed: number;
  readonly refused: number;
  readonly untold: number;
}

export interface OpenEgress {
  readonly agentId: string;
  /** `host:port` each. */
  readonly targets: readonly string[];
  /** Called for the first decisions of the agent; later ones are only counted. */
  readonly onDecision: (decision: EgressDecision) => void;
}

/** Makes the proxies by which agents that were granted it reach the network. */
export interface EgressDoors {
  open(request: OpenEgress): Promise<EgressDoor>;
}
