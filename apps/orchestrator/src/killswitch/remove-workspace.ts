import type { AgentRecord } from "@mosaic/store";
import type { CleanupStep } from "../git/port.ts";
import type { Services } from "../services.ts";
import type { Execution } from "../spawner/registry.ts";
import type { ReceiptBuilder } from "./receipt.ts";
import { within } from "./within.ts";

/** What the clean-up's steps are called in a receipt. */
const NAMES: Readonly<Record<string, string>> = {
  salvage: "salvaged",
  worktree: "worktree moved",
  git: "worktree forgotten by git",
  private: "private folder moved",
};

/** What still goes on after a limit. In an object: a promise of a promise would wait for both. */
export interface Unfinished {
  readonly work: Promise<unknown>;
}

/**
 * Salvages and removes the workspace, whoever made it.
 * @returns the removal, when it still goes on after the limit (milliseconds)
 */
export async function removeWorkspace(
  services: Services,
  agent: AgentRecord,
  at: {
    readonly execution: Execution | undefined;
    readonly receipt: ReceiptBuilder;
    readonly limitMs: number;
  },
): Promise<Unfinished | null> {
  const { receipt, limitMs } = at;
  const removal = remove(services, agent, at.execution);
  try {
    const outcome = await within(removal, limitMs);
    if (!outcome.done) {
      receipt.left(
        `workspace still being salvaged after ${limitMs} ms: the kill is finished as soon as it is`,
      );
      return { work: removal };
    }
    for (const step of outcome.value) {
      await receipt.step(NAMES[step.name] ?? step.name, async () => {
        if (!step.ok) throw new Error(step.detail ?? "failed");
        return step.detail ?? null;
      });
    }
  } catch (error) {
    receipt.left(`workspace: ${error instanceof Error ? error.message : String(error)}`);
  }
  return null;
}

async function remove(
  services: Services,
  agent: AgentRecord,
  execution: Execution | undefined,
): Promise<readonly CleanupStep[]> {
  const workspace = execution?.workspace ?? (await services.workspaces.reopen(agent.agentId, agent.taskId));
  return workspace === null ? [] : await services.workspaces.remove(workspace);
}
