import { type KillReceipt, ProblemError } from "@mosaic/contracts";
import type { Services } from "../services.ts";
import { otherInstances } from "../instances/owner.ts";
import type { Pace } from "./context.ts";
import type { Kill } from "./kill.ts";
import { livingAgents } from "./living-agents.ts";
import type { KillOrder } from "./order.ts";

export interface KilledAll {
  readonly total: number;
  readonly receipts: readonly KillReceipt[];
  readonly errors: readonly { readonly agentId: string; readonly error: string }[];
}

/** Keeps tasks from being claimed until it is released. */
export type HoldClaims = () => () => void;

/** Looks at what lives. The second finds what was admitted or retried meanwhile; more only under constant spawning. */
const ROUNDS = 5;

/**
 * Kills every agent that has not ended, in parallel; one that fails does not stop the others. Every sandbox and socket
 * goes before the first workspace is salvaged, and no task is claimed meanwhile.
 */
export async function killAll(
  services: Services,
  kill: Kill,
  given: { readonly order: KillOrder; readonly holdClaims: HoldClaims },
): Promise<KilledAll> {
  const release = given.holdClaims();
  try {
    const outcomes = new Map<string, Outcome>();
    for (let round = 0; round < ROUNDS; round += 1) {
      // The first round begins with what runs here, and asks the store only then.
      const here = round === 0 ? services.registry.all().map(({ agentId }) => agentId) : [];
      const fresh = await killRound(kill, given.order, {
        here,
        rest: () => oursOf(services),
        known: outcomes,
      });
      if (fresh === 0) break;
    }
    const answer = sum(outcomes);
    await auditKillAll(services, given.order, answer);
    return answer;
  } finally {
    release();
  }
}

interface Outcome {
  readonly receipt?: KillReceipt;
  readonly error?: unknown;
}

async function killRound(
  kill: Kill,
  order: KillOrder,
  agents: {
    readonly here: readonly string[];
    readonly rest: () => AsyncIterable<string>;
    readonly known: Map<string, Outcome>;
  },
): Promise<number> {
  const { known } = agents;
  const phases = createPhases();
  const begun = new Map<string, Promise<Outcome>>();
  const begin = (agentId: string): void => {
    if (known.has(agentId) || begun.has(agentId)) return;
    const { pace, passed } = phases.enter();
    const outcome = kill(agentId, order, pace)
      .then(
        (receipt): Outcome => ({ receipt }),
        (error: unknown): Outcome => ({ error }),
      )
      .finally(passed);
    begun.set(agentId, outcome);
  };
  agents.here.forEach(begin);
  // A list that cannot be read is told when all that is known here is stopped.
  const [list] = await Promise.allSettled([beginAll(agents.rest(), begin).finally(() => phases.close())]);
  await Promise.all([...begun].map(async ([agentId, outcome]) => known.set(agentId, await outcome)));
  if (list.status === "rejected")
    throw new Error(
      `${begun.size} agents that run here were stopped; which others there are cannot be read: ${String(list.reason)}`,
      { cause: list.reason },
    );
  return begun.size;
}

async function beginAll(agents: AsyncIterable<string>, begin: (agentId: string) => void): Promise<void> {
  for await (const agentId of agents) begin(agentId);
}

/** Lets nobody remove a workspace before everybody's agent is stopped. */
function createPhases() {
  const all = Promise.withResolvers<void>();
  let stopping = 0;
  let closed = false;
  const check = (): void => {
    if (closed && stopping === 0) all.resolve();
  };
  return {
    enter(): { readonly pace: Pace; readonly passed: () => void } {
      stopping += 1;
      let counted = true;
      const passed = (): void => {
        if (!counted) return;
        counted = false;
        stopping -= 1;
        check();
      };
      const pace: Pace = async (removal) => {
        passed();
        await all.promise;
        return await removal();
      };
      return { pace, passed };
    },
    /** No more agents will enter. */
    close(): void {
      closed = true;
      check();
    },
  };
}

function sum(outcomes: ReadonlyMap<string, Outcome>): KilledAll {
  const receipts = new Map<string, KillReceipt>();
  const errors = new Map<string, string>();
  for (const [agentId, { receipt, error }] of outcomes) {
    if (receipt === undefined) {
      // It ended by itself before the order reached it.
      if (error instanceof ProblemError && error.code === "illegal_transition") continue;
      errors.set(agentId, error instanceof Error ? error.message : String(error));
    } else if (receipt.status === "killed") receipts.set(receipt.agentId, receipt);
    else errors.set(receipt.agentId, `left behind: ${receipt.residual.join("; ")}`);
  }
  return {
    total: receipts.size + errors.size,
    receipts: [...receipts.values()],
    errors: [...errors].map(([agentId, error]) => ({ agentId, error })),
  };
}

async function auditKillAll(services: Services, order: KillOrder, answer: KilledAll): Promise<void> {
  const { total, receipts, errors } = answer;
  const killed = receipts.map(({ agentId }) => agentId);
  await services.audit
    .append({
      at: services.now().toISOString(),
      actor: order.by,
      action: "agents.kill_all",
      subject: services.instanceId,
      reason: order.why,
      data: { total, killed, errors },
    })
    .catch((error: unknown) => services.log.error({ err: error }, "a kill-all could not be audited"));
}

/** Ids of agents that have not ended and that no other orchestrator runs. */
async function* oursOf(services: Services): AsyncGenerator<string, void, undefined> {
  const others = await otherInstances(services);
  for await (const { agentId, owner } of livingAgents(services.state))
    if (owner === null || !others.has(owner)) yield agentId;
}
