import type { EventData } from "@mosaic/contracts";

/** The model as one agent sees it: a unix socket that is its identity. */
export interface AgentDoor {
  /** Host path of the socket; its folder is what a sandbox mounts. */
  readonly socketPath: string;
  /** Closes the socket, aborts what is in flight, and reports whether the path is gone. Safe to call twice. */
  revoke(): Promise<{ readonly gone: boolean; readonly aborted: number }>;
}

export interface OpenDoor {
  readonly agentId: string;
  readonly taskId: string;
  readonly model: string;
  /** Called after each metered request. */
  readonly onUsage: (usage: EventData<"transcript.usage">) => void;
}

/** The only way from an agent to a model: injects the key, allows only Messages endpoints, meters. */
export interface ModelGateway {
  /** What the upstream is, for people: `scripted model (replay:fix-failing-test)` or a host name. */
  readonly upstream: string;
  /** True for the scripted model, which every surface must say. */
  readonly scripted: boolean;
  /** Models an agent may ask for; the first is the default. */
  readonly models: readonly string[];
  open(request: OpenDoor): Promise<AgentDoor>;
  /** Whether the upstream answers. */
  check(): Promise<{ readonly ok: boolean; readonly detail: string }>;
  /** Doors that are open, by agent. */
  list(): readonly string[];
  close(): Promise<void>;
}
