import type { AgentRecord } from "@mosaic/store";
import type { CleanupStep, Workspace } from "../git/port.ts";
import type { Services } from "../services.ts";
import { recordCleanUp } from "../spawner/clean-up.ts";
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

interface Removal {
  readonly execution: Execution | undefined;
  readonly receipt: ReceiptBuilder;
  /** Milliseconds: for moving the workspace away, and for saving what it held. */
  readonly limits: { readonly moveMs: number; readonly saveMs: number };
}

/**
 * Takes the workspace out of its place, whoever made it, and saves what it held. Moving does not depend on how much that
 * is; saving does, and may go on after the kill: until it is done nothing is deleted, and a crash does not end it.
 * @returns the move, when it still goes on after its limit
 */
export async function removeWorkspace(
  services: Services,
  agent: AgentRecord,
  { execution, receipt, limits }: Removal,
): Promise<Unfinished | null> {
  try {
    const workspace = execution?.workspace ?? (await services.workspaces.reopen(agent.agentId, agent.taskId));
    if (workspace === null) return null;
    const moving = services.workspaces.setAside(workspace);
    const moved = await within(moving, limits.moveMs);
    if (!moved.done) {
      receipt.left(
        `workspace still being moved after ${limits.moveMs} ms: the kill is finished as soon as it is`,
      );
      return { work: moving };
    }
    await note(receipt, moved.value);
    if (moved.value.every(({ ok }) => ok))
      await save(services, workspace, { receipt, moved: moved.value.length, limitMs: limits.saveMs });
  } catch (error) {
    receipt.left(`workspace: ${error instanceof Error ? error.message : String(error)}`);
  }
  return null;
}

async function save(
  services: Services,
  workspace: Workspace,
  at: { readonly receipt: ReceiptBuilder; readonly moved: number; readonly limitMs: number },
): Promise<void> {
  const saving = services.workspaces.remove(workspace);
  const saved = await within(saving, at.limitMs);
  if (saved.done) return await note(at.receipt, saved.value.slice(at.moved));
  await at.receipt.step("salvaged", async () => "goes on: nothing is deleted before all of it is saved");
  // Whoever waits for the agent's end does not wait for this; how it went is an event of its own.
  void saving.then((steps) => recordCleanUp(services, workspace, steps));
}

async function note(receipt: ReceiptBuilder, steps: readonly CleanupStep[]): Promise<void> {
  for (const step of steps) {
    await receipt.step(NAMES[step.name] ?? step.name, async () => {
      if (!step.ok) throw new Error(step.detail ?? "failed");
      return step.detail ?? null;
    });
  }
}
