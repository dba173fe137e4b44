import type { EventData } from "@mosaic/contracts";
import type { LineState } from "./line.ts";

/** The model as one agent sees it: a unix socket that is its identity. */
export interface AgentDoor {
  /** Host path of the socket; its folder is what a sandbox mounts. */
  readonly socketPath: string;
  /** Closes the socket, aborts what is in flight, and reports whether the path is gone. Safe to call twice. */
  revoke(): Promise<{ readonly gone: boolean; readonly aborted: number }>;
  /** The newest refusal that no repetition will change, or null. */
  finalRefusal(): ModelRefusal | null;
  /**
   * Counts the agent's requests from here on for its next prompt. The first beyond `maxTurns` is refused, as is every
   * later one; `onOver` is told of it before the agent is, and once.
   */
  readonly beginPrompt: (onOver: () => void) => PromptCount;
}

export interface PromptCount {
  /** Requests of the prompt that the model answered or is about to answer. */
  readonly requests: number;
  /** Nobody is told any more; the count goes on until the next prompt. */
  end(): void;
}

/** Why the model will not go on for this agent: a budget is used up, or the API refuses our key or account. */
export interface ModelRefusal {
  readonly kind: "budget" | "account";
  readonly message: string;
}

export interface OpenDoor {
  readonly agentId: string;
  readonly taskId: string;
  readonly repository: string;
  readonly model: string;
  /** US dollars that the task may cost in all its attempts, beside the instance's limits; null for none. */
  readonly taskBudgetUsd: number | null;
  /** Requests that the model answers in one prompt; null for no limit. */
  readonly maxTurns: number | null;
  /** Called after each metered request. */
  readonly onUsage: (usage: EventData<"transcript.usage">) => void;
  /** Looks at what is about to be sent; true forbids it. */
  readonly onRequest?: (body: string) => boolean;
  /** Called for each piece of the model's answers: the agent is not silent while its model speaks. */
  readonly onActivity?: () => void;
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
  /** Whether the upstream answers, and who waits for it. */
  check(): Promise<{ readonly ok: boolean; readonly detail: string; readonly warning?: boolean }>;
  /** Requests that wait, requests under way, and for how long everybody is paused. */
  traffic(): LineState;
  /** Doors that are open, by agent. */
  list(): readonly string[];
  close(): Promise<void>;
}
