import type { Readable, Writable } from "node:stream";

/**
 * The part of `@anthropic-ai/claude-agent-sdk` 0.3 that is used. Its own types are not: it is not open source, so it is
 * nobody's dependency here, and what it hands over comes from inside the sandbox and is checked anyway.
 */
export interface AgentSdk {
  query(parameters: { prompt: AsyncIterable<UserMessage>; options: QueryOptions }): Query;
}

export interface UserMessage {
  readonly type: "user";
  readonly message: { readonly role: "user"; readonly content: string };
  readonly parent_tool_use_id: null;
}

/** A conversation: one process, prompt after prompt. */
export interface Query extends AsyncIterable<unknown> {
  /** Settles when the process has answered the first request of the SDK. */
  initializationResult(): Promise<unknown>;
  interrupt(): Promise<unknown>;
  close(): void;
}

export interface QueryOptions {
  readonly [option: string]: unknown;
  readonly spawnClaudeCodeProcess: (spawn: SpawnOptions) => SpawnedProcess;
}

export interface SpawnOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the SDK wants the process gone, whatever it takes. */
  readonly signal: AbortSignal;
}

/** What the SDK wants to see of a process. */
export interface SpawnedProcess extends Pick<NodeJS.EventEmitter, "on" | "once" | "off"> {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly killed: boolean;
  readonly exitCode: number | null;
  kill(signal: NodeJS.Signals): boolean;
}
