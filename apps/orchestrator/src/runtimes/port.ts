import type { FromWorker, TurnOutcome } from "@mosaic/contracts";
import type { KillOutcome, Mount, SandboxExit } from "@mosaic/sandbox";
import type { AgentDoor } from "../gateway/port.ts";

/** What the agent did in a turn, before its end. */
export type SessionEvent = Exclude<FromWorker, { type: "ready" } | { type: "turn_end" }>;

export interface Turn {
  readonly outcome: TurnOutcome;
  /** Requests to the model in this turn. */
  readonly requests: number;
  readonly message?: string;
  /** HTTP status of the answer that ended it, when one did. */
  readonly status?: number;
}

export interface SessionRequest {
  readonly agentId: string;
  readonly model: string;
  readonly system: string;
  /** Requests that the model answers in one prompt. The agent's door holds every agent to it; some count themselves. */
  readonly maxTurns: number;
  readonly mounts: readonly Mount[];
  /** Read-only prepared folders inside /tree get private tmpfs here. */
  readonly scratch: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Host path of the agent's gateway socket. */
  readonly socketPath: string;
  /** The count at its door. */
  readonly beginPrompt: AgentDoor["beginPrompt"];
  /** Megabytes of the agent's sandbox; null is this instance's default. */
  readonly memoryMb: number | null;
  /** Image of the agent's sandbox; null is the sandbox's own. */
  readonly image: string | null;
  /** Owner-configured servers of the Model Context Protocol, started inside the sandbox. */
  readonly mcpServers: readonly McpServer[];
  /** Folders inside for the front of PATH. */
  readonly path: readonly string[];
  /** The agent's way out, which the sandbox gets in front of its command; null for none. */
  readonly egress: { readonly socketPath: string; readonly caFile: string | null } | null;
}

/** A server of the Model Context Protocol that speaks on stdio. Command and paths are of the inside. */
export interface McpServer {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** Whether agents of a runtime can be started here; if not, why, and what to do. */
export type RuntimeStatus =
  | { readonly installed: true; readonly version: string }
  | { readonly installed: false; readonly problem: string; readonly remedy: string };

/** A running agent. It is prompted turn by turn and keeps its conversation in between. */
export interface Session {
  readonly sandbox: string;
  /**
   * Sends a prompt and waits for the turn's end; `onEvent` sees what happens on the way.
   * @throws AttemptFailure `runtime` when the process ends, `timeout`, `output_limit`
   */
  prompt(text: string, onEvent: (event: SessionEvent) => void, signal?: AbortSignal): Promise<Turn>;
  /** Asks the agent to stop its turn. */
  cancel(): void;
  /** Kills the sandbox; answers with what was left. Safe to call twice. */
  kill(): Promise<KillOutcome>;
  readonly exited: Promise<SandboxExit>;
}

/** A way to run agents. Adapters: sdk-worker (default), claude-code, acp, command. */
export interface Runtime {
  readonly name: string;
  /** Which adapter it is. */
  readonly kind: "sdk-worker" | "claude-code" | "acp" | "command";
  /** Looks each time: it may be installed meanwhile. */
  status(): Promise<RuntimeStatus>;
  /** @throws AttemptFailure `sandbox`, `runtime`; `killed` when the signal is aborted first: nothing is left then */
  start(request: SessionRequest, signal?: AbortSignal): Promise<Session>;
}
