import { KillAllResponse } from "@mosaic/contracts";
import { isAgentTerminal } from "@mosaic/domain";
import type { AgentRecord, InstanceRecord } from "@mosaic/store";
import type { KilledAll } from "../killswitch/kill-all.ts";
import { livingAgents, TAKEN } from "../killswitch/living-agents.ts";
import type { KillOrder } from "../killswitch/order.ts";
import { recordOrder } from "../killswitch/record.ts";
import type { Services } from "../services.ts";
import { ask } from "./ask.ts";
import { leftWith } from "./route-kill.ts";

/** How long the others get to kill everything they run, in milliseconds. */
const ANSWER_MS = 10_000;

/** What all orchestrators did, and which of them said nothing. */
export interface KilledEverywhere extends KilledAll {
  readonly silent: readonly InstanceRecord[];
}

/**
 * Kill-all on every orchestrator at the same time. Here it waits for nobody: the others are asked first and heard last. A
 * store that cannot be asked stops nothing here either; then nobody else is reached, and that is said.
 */
export async function killEverywhere(
  services: Services,
  killHere: () => Promise<KilledAll>,
  { order, answerMs = ANSWER_MS }: { readonly order: KillOrder; readonly answerMs?: number },
): Promise<KilledEverywhere> {
  const others = (async (): Promise<Others> => {
    const to = (await services.instances.list()).filter(
      ({ instanceId }) => instanceId !== services.instanceId,
    );
    // Written down before anybody is waited for: what is taken over meanwhile is not done again.
    const ordered = await orderAll(services, to, order);
    const sent = { kind: "kill_all" as const, agentId: null, by: order.by, why: order.why };
    return { to, ordered, answers: await ask(services, sent, { to, ms: answerMs }) };
  })();
  // Heard below; a failure in between belongs to nobody.
  others.catch(() => undefined);
  const here = await killHere();
  const heard = await others;
  const merged = merge(here, heard);
  const errors = [
    ...merged.errors,
    ...(await leftWithSilent(services, heard, { silent: merged.silent, order })),
  ];
  return { ...merged, errors, total: merged.receipts.length + errors.length };
}

/** An agent that another orchestrator runs, or ran. */
interface Ordered {
  readonly agent: AgentRecord;
  readonly owner: InstanceRecord;
}

/** Writes the order down for every agent of the others that has not ended. */
async function orderAll(
  services: Services,
  instances: readonly InstanceRecord[],
  order: KillOrder,
): Promise<readonly Ordered[]> {
  const owners = new Map(instances.map((instance) => [instance.instanceId, instance]));
  const ordered: Ordered[] = [];
  if (owners.size === 0) return ordered;
  for await (const agent of livingAgents(services.state, TAKEN)) {
    const owner = owners.get(agent.owner ?? "");
    if (owner === undefined) continue;
    if (agent.killRequestedAt === null) await recordOrder(services, agent, order);
    ordered.push({ agent, owner });
  }
  return ordered;
}

/** A receipt that says who did not answer, for each agent of those that said nothing and that has not ended since. */
async function leftWithSilent(
  services: Services,
  { ordered }: Others,
  { silent, order }: { readonly silent: readonly InstanceRecord[]; readonly order: KillOrder },
): Promise<KilledAll["errors"]> {
  const errors: { readonly agentId: string; readonly error: string }[] = [];
  for (const { agent, owner } of ordered.filter((item) => silent.includes(item.owner))) {
    const now = await services.state.getAgent(agent.agentId);
    if (now === null || isAgentTerminal(now.state)) continue;
    const { residual } = await leftWith(services, now, { owner, order });
    errors.push({ agentId: agent.agentId, error: `left behind: ${residual.join("; ")}` });
  }
  return errors;
}

const Killed = KillAllResponse.pick({ receipts: true, errors: true });

interface Others {
  readonly to: readonly InstanceRecord[];
  readonly ordered: readonly Ordered[];
  readonly answers: ReadonlyMap<string, unknown>;
}

function merge(here: KilledAll, { to, answers }: Others): KilledAll & { readonly silent: InstanceRecord[] } {
  const parts: Pick<KilledAll, "receipts" | "errors">[] = [here];
  const silent: InstanceRecord[] = [];
  for (const instance of to) {
    const answer = Killed.safeParse(answers.get(instance.instanceId));
    if (answer.success) parts.push(answer.data);
    else silent.push(instance);
  }
  const receipts = parts.flatMap((part) => part.receipts);
  const errors = parts.flatMap((part) => part.errors);
  return { total: receipts.length + errors.length, receipts, errors, silent };
}
