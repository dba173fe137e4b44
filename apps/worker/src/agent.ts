import type Anthropic from "@anthropic-ai/sdk";
import type { BetaMessageParam } from "@anthropic-ai/sdk/resources/beta/messages/messages";
import type { ToWorker } from "@mosaic/contracts";
import type { McpTools } from "./mcp/connect.ts";
import { createToolset, type Emit } from "./toolset.ts";
import { runTurn } from "./turn.ts";

export type AgentConfig = Extract<ToWorker, { type: "start" }>;

export interface Agent {
  readonly busy: boolean;
  /** Works on a prompt until its turn ends, and says so with `turn_end`. One at a time. */
  prompt(text: string): Promise<void>;
  /** Stops the turn: the request, and the tool that runs. */
  cancel(): void;
  /** Stops everything, for good. */
  close(): Promise<void>;
}

interface AgentOptions {
  readonly config: AgentConfig;
  readonly client: Anthropic;
  readonly emit: Emit;
  readonly random: () => number;
  /** Tools of MCP servers; null for none. */
  readonly mcp: McpTools | null;
}

/** An agent with one conversation, which it keeps from prompt to prompt. */
export function createAgent({ config, client, emit, random, mcp }: AgentOptions): Agent {
  const { workdir, maxToolOutputBytes } = config;
  const toolset = createToolset({
    workdir,
    maxOutputBytes: maxToolOutputBytes,
    emit,
    more: mcp?.tools ?? [],
  });
  let messages: readonly BetaMessageParam[] = [];
  let running: AbortController | null = null;
  // Nobody listens before the first turn.
  let problems = mcp?.problems ?? [];

  return {
    get busy() {
      return running !== null;
    },
    async prompt(text) {
      const controller = new AbortController();
      running = controller;
      for (const problem of problems) emit({ type: "notice", text: problem });
      problems = [];
      const asked: BetaMessageParam[] = [...messages, { role: "user", content: [{ type: "text", text }] }];
      const { signal } = controller;
      const result = await runTurn(asked, { ...config, client, toolset, emit, random, signal });
      messages = result.messages;
      running = null;
      const { messages: _, ...outcome } = result;
      emit({ type: "turn_end", ...outcome });
    },
    cancel() {
      running?.abort();
    },
    async close() {
      running?.abort();
      await Promise.all([toolset.close(), mcp?.close()]);
    },
  };
}
