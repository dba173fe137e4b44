import { AttemptFailure } from "@mosaic/domain";
import { createAgentSandboxes, type AgentSandboxOptions } from "../agent-sandbox.ts";
import { configuredProgram, configuredStatus } from "../configured/program.ts";
import type { CommandConfig } from "../configured/read-file.ts";
import type { Runtime } from "../port.ts";
import type { LineLimits } from "../read-lines.ts";
import { createCommandSession } from "./command-session.ts";
import { placePrompt, PROMPT_FILE } from "./place-prompt.ts";

export interface CommandOptions extends AgentSandboxOptions {
  readonly name: string;
  readonly config: Omit<CommandConfig, "kind">;
  /** For each turn's process. */
  readonly output: LineLimits;
  /** Milliseconds one turn may take. Default: no limit but the caller's signal. */
  readonly timeoutMs?: number;
  /** Milliseconds between asking a turn to stop and killing it. Default 4,000. */
  readonly graceMs?: number;
}

/**
 * Runs any program that reads a prompt and changes the files of its working folder: one process, in one sandbox, for
 * each turn. It keeps nothing between turns but the tree.
 */
export function createCommandRuntime(options: CommandOptions): Runtime {
  const { name, config, sandbox, output, timeoutMs = null, graceMs = 4_000 } = options;
  const sandboxes = createAgentSandboxes(options);
  return {
    name,
    kind: "command",
    status: () => configuredStatus(config),
    async start(request, signal) {
      // Nothing runs before the first prompt.
      if (signal?.aborted === true) throw new AttemptFailure("killed", "stopped before the agent was ready");
      await Promise.resolve();
      return createCommandSession({
        sandbox: sandbox.name,
        output,
        timeoutMs,
        graceMs,
        system: request.system,
        beginPrompt: request.beginPrompt,
        async launch(prompt, turn) {
          const placed = await placePrompt(config, prompt);
          const spec = await sandboxes.describe(request, (node) => {
            const words = { prompt, prompt_file: PROMPT_FILE };
            const program = configuredProgram(config, { request, node, words, stdin: placed.stdin });
            return { ...program, mounts: [...program.mounts, ...placed.mounts] };
          });
          try {
            // A name of its own for each: the last turn's may still be known to somebody.
            const sandboxed = await sandboxes.start({ ...spec, id: `${spec.id}-${turn}` });
            // A prompt that cannot be removed is a small file in a temporary folder, and no reason to fail.
            sandboxed.exited.then(placed.remove, placed.remove).catch(() => undefined);
            return { sandboxed, memoryMb: spec.limits.memoryMb };
          } catch (error) {
            await placed.remove();
            throw error;
          }
        },
      });
    },
  };
}
