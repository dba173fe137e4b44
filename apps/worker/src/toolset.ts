import type { BetaRunnableTool } from "@anthropic-ai/sdk/lib/tools/BetaRunnableTool";
import { ToolError } from "@anthropic-ai/sdk/lib/tools/ToolError";
import { betaAgentToolset20260401 } from "@anthropic-ai/sdk/tools/agent-toolset/node";
import type { FromWorker } from "@mosaic/contracts";
import { truncate } from "@mosaic/domain";

export type Emit = (event: FromWorker) => void;

export interface Toolset {
  readonly tools: readonly BetaRunnableTool[];
  /** Ends what the tools hold open: the shell and what runs in its process group. */
  close(): Promise<void>;
}

interface ToolsetOptions {
  readonly workdir: string;
  readonly maxOutputBytes: number;
  readonly emit: Emit;
  /** Tools beside the SDK's. */
  readonly more?: readonly BetaRunnableTool[];
}

/**
 * The SDK's agent toolset (bash, read, write, edit, glob, grep) on one folder, with every result reported and cut to
 * size. Calls of one answer run one after the other, in the model's order: the SDK would start them together, and two
 * edits of one file would then lose one of the two.
 */
export function createToolset({ workdir, maxOutputBytes, emit, more = [] }: ToolsetOptions): Toolset {
  const tools = [...betaAgentToolset20260401({ workdir, allowedRoots: [workdir] }), ...more];
  let last: Promise<unknown> = Promise.resolve();

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  }

  async function runReported(tool: BetaRunnableTool, ...[input, context]: RunArguments): Promise<string> {
    const { output, isError } = await outcome(async () => tool.run(input, context));
    const { text, truncated } = truncate(output, maxOutputBytes);
    emit({ type: "tool_result", callId: context?.toolUse.id ?? "", isError, output: text, truncated });
    if (isError) throw new ToolError(text);
    return text;
  }

  return {
    tools: tools.map((tool) => ({
      ...tool,
      run: async (...args: RunArguments) => inTurn(async () => runReported(tool, ...args)),
    })),
    async close() {
      await Promise.all(tools.map(async (tool) => tool.close?.()));
    },
  };
}

type RunArguments = Parameters<BetaRunnableTool["run"]>;
type RunResult = Awaited<ReturnType<BetaRunnableTool["run"]>>;

async function outcome(run: () => Promise<RunResult>): Promise<{ output: string; isError: boolean }> {
  try {
    return { output: textOf(await run()), isError: false };
  } catch (error) {
    const content = error instanceof ToolError ? error.content : `Error: ${(error as Error).message}`;
    return { output: textOf(content), isError: true };
  }
}

function textOf(content: RunResult): string {
  if (typeof content === "string") return content;
  return content.map((block) => (block.type === "text" ? block.text : `[${block.type}]`)).join("\n");
}
