import { setTimeout as pause } from "node:timers/promises";
import type { EventData } from "@mosaic/contracts";
import type { AgentRecord, TaskRecord } from "@mosaic/store";
import { BranchNotFoundError } from "../git/port.ts";
import type { Services } from "../services.ts";
import { reparseRepository } from "./repository-policy.ts";

type BegunPush = EventData<"push.started">;

/** What became of a push that was begun and whose end nobody wrote down. */
export type PushFate =
  | { readonly kind: "not_begun" | "absent" }
  /** The remote has the gated commit: the work is done. */
  | { readonly kind: "landed"; readonly push: BegunPush }
  | { readonly kind: "unknown"; readonly push: BegunPush; readonly why: string };

/** A remote is asked again after these pauses: what was sent may still be on its way in. Milliseconds. */
const PAUSES_MS = [0, 500, 2000];
/** Longest wait for one answer, in milliseconds. */
const ANSWER_MS = 20_000;

/**
 * Asks the remote for the branch of an agent that was pushing when its process died. Only commits whose push was
 * begun count, and a push is begun only when its gates had approved it.
 */
export async function fateOfPush(
  services: Pick<Services, "state" | "workspaces">,
  { task, agent }: { readonly task: TaskRecord; readonly agent: AgentRecord },
): Promise<PushFate> {
  const events = await services.state.eventsAfter({
    after: 0,
    limit: 1000,
    subject: agent.agentId,
    types: ["push.started"],
  });
  const begun = events.map((event) => event.data as BegunPush);
  const last = begun.at(-1);
  if (last === undefined) return { kind: "not_begun" };
  let fate: PushFate = { kind: "absent" };
  for (const delay of PAUSES_MS) {
    if (delay > 0) await pause(delay);
    const answer = await remoteCommit(services, task, last.branch);
    if ("why" in answer) {
      fate = { kind: "unknown", push: last, why: answer.why };
      continue;
    }
    const push = begun.find(({ commit }) => commit === answer.commit);
    if (push !== undefined) return { kind: "landed", push };
    fate = { kind: "absent" };
  }
  return fate;
}

async function remoteCommit(
  { workspaces }: Pick<Services, "workspaces">,
  task: TaskRecord,
  branch: string,
): Promise<{ readonly commit: string | null } | { readonly why: string }> {
  try {
    const signal = AbortSignal.timeout(ANSWER_MS);
    return { commit: await workspaces.resolveBranch(reparseRepository(task.repository), branch, signal) };
  } catch (error) {
    if (error instanceof BranchNotFoundError) return { commit: null };
    return { why: error instanceof Error ? error.message : String(error) };
  }
}
