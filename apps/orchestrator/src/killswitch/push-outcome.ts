import type { KillReceipt } from "@mosaic/contracts";
import type { AgentRecord } from "@mosaic/store";
import { BranchNotFoundError } from "../git/port.ts";
import type { Services } from "../services.ts";
import type { Execution } from "../spawner/registry.ts";
import { reparseRepository } from "../spawner/repository-policy.ts";
import type { ReceiptBuilder } from "./receipt.ts";

export interface PushOutcome {
  readonly outcome: NonNullable<KillReceipt["push"]>;
  /** What the remote's branch is at, when it was reached. */
  readonly commit: string | null;
}

const NOT_BEGUN: PushOutcome = { outcome: "not_begun", commit: null };

interface Asking {
  readonly execution: Execution | undefined;
  readonly receipt: ReceiptBuilder;
  /** Milliseconds the remote gets to answer. */
  readonly limitMs: number;
}

/**
 * What became of a push that had begun when the kill came: the remote is asked, since a process that was killed cannot
 * tell. A push that had not begun cannot have happened.
 */
export async function pushOutcome(
  services: Services,
  agent: AgentRecord,
  { execution, receipt, limitMs }: Asking,
): Promise<PushOutcome> {
  if (execution !== undefined && !execution.pushing) return NOT_BEGUN;
  let found: PushOutcome = { outcome: "unknown", commit: null };
  await receipt.step(
    "push examined",
    async () => {
      if (execution === undefined && !(await hadBegun(services, agent))) {
        found = NOT_BEGUN;
        return "none had begun";
      }
      const { detail, ...asked } = await askRemote(services, agent, {
        branch: execution?.workspace?.branch ?? agent.branch,
        limitMs,
      });
      found = asked;
      return detail;
    },
    // The remote's own limit is within; the rest is for git to die.
    limitMs * 2,
  );
  return found;
}

/** Whether a former process wrote down that it was going to push. */
async function hadBegun(services: Services, agent: AgentRecord): Promise<boolean> {
  const filter = { after: 0, limit: 1, subject: agent.agentId, types: ["push.started" as const] };
  return (await services.state.eventsAfter(filter)).length > 0;
}

async function askRemote(
  services: Services,
  agent: AgentRecord,
  { branch, limitMs }: { readonly branch: string | null; readonly limitMs: number },
): Promise<PushOutcome & { readonly detail: string }> {
  const unknown = { outcome: "unknown", commit: null } as const;
  const task = await services.state.getTask(agent.taskId);
  if (task === null || branch === null) return { ...unknown, detail: "nobody knows its branch" };
  try {
    const repository = reparseRepository(task.repository);
    const commit = await services.workspaces.resolveBranch(repository, branch, AbortSignal.timeout(limitMs));
    return { outcome: "reached", commit, detail: `the remote's '${branch}' is at ${commit}` };
  } catch (error) {
    if (error instanceof BranchNotFoundError)
      return { outcome: "not_reached", commit: null, detail: `the remote has no '${branch}'` };
    const why = error instanceof Error ? error.message : String(error);
    return { ...unknown, detail: `the remote could not be asked (${why}); look at its '${branch}'` };
  }
}
