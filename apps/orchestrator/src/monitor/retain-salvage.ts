import { isAgentTerminal } from "@mosaic/domain";
import type { SalvageSet } from "../git/salvages/port.ts";
import type { Services } from "../services.ts";

type Needs = Pick<Services, "state" | "audit" | "workspaces" | "settings" | "now" | "log">;

const DAY_MS = 86_400_000;
/** Between two rounds. */
const ROUND_MS = 3_600_000;

export interface Retention {
  /** Ends what runs and waits for it. */
  stop(): Promise<void>;
}

/** Keeps what was saved within its limits, `after` the leftovers of the last process are saved, and every hour. */
export function startRetention(services: Needs, after: Promise<void>): Retention {
  const stop = new AbortController();

  const round = async (former: Promise<void>): Promise<void> => {
    await former;
    if (stop.signal.aborted) return;
    await retainSalvage(services, stop.signal).catch((error: unknown) =>
      services.log.error({ err: error }, "old salvages could not be let go of"),
    );
  };
  let running = round(after);
  const timer = setInterval(() => {
    running = round(running);
  }, ROUND_MS);
  timer.unref();
  return {
    stop: async () => {
      stop.abort();
      clearInterval(timer);
      await running;
    },
  };
}

/**
 * Lets go of what is older than the age limit, then, while all together is larger than the size limit, of the oldest:
 * first of what has a successor or was completed, and only then of the newest work of a task that failed. Never of an
 * agent that has not ended. Each goes into the audit log before it goes. Answers with how many went.
 */
export async function retainSalvage(services: Needs, signal: AbortSignal): Promise<number> {
  const { workspaces, settings, now } = services;
  const { salvages } = workspaces;
  const candidates = await candidatesOf(services);
  const limit = now().getTime() - settings.salvageMaxAgeDays * DAY_MS;
  let gone = 0;
  for (const why of ["age", "size"] as const) {
    let bytes = (await salvages.usage()).bytes;
    for (const { set } of candidates) {
      const due = why === "age" ? set.at < limit : set.at >= limit && bytes > settings.salvageMaxBytes;
      if (!due || signal.aborted || !(await letGo(services, set, why))) continue;
      gone += 1;
      if (why === "size") bytes = (await salvages.usage()).bytes;
    }
  }
  const { bytes } = await salvages.usage();
  if (bytes > settings.salvageMaxBytes)
    services.log.warn(
      { bytes, limit: settings.salvageMaxBytes },
      "salvages of living agents exceed the limit",
    );
  for (const line of await salvages.reclaim(signal)) services.log.info({ mirror: line }, "packing a mirror");
  return gone;
}

/** Sets in the order they go: worth keeping last, and the oldest first. Those of living agents are not in it. */
async function candidatesOf({
  state,
  workspaces,
}: Needs): Promise<readonly { readonly set: SalvageSet; readonly worth: number }[]> {
  const found = await Promise.all(
    (await workspaces.salvages.sets()).map(async (set) => {
      const worth = await worthOf(state, set);
      return worth === null ? [] : [{ set, worth }];
    }),
  );
  return found.flat().sort((a, b) => a.worth - b.worth || a.set.at - b.set.at);
}

/** 1 for the only copy of a task's unfinished work, 0 for the rest, null for what must stay. */
async function worthOf(state: Needs["state"], { agentId, inUse }: SalvageSet): Promise<number | null> {
  if (inUse) return null;
  if (agentId === null) return 1;
  const agent = await state.getAgent(agentId);
  if (agent === null) return 0;
  if (!isAgentTerminal(agent.state)) return null;
  return agent.state !== "completed" && agent.retriedBy === null ? 1 : 0;
}

async function letGo(services: Needs, set: SalvageSet, why: "age" | "size"): Promise<boolean> {
  const { agentId, refs, kept, at } = set;
  const subject = agentId ?? kept[0] ?? "";
  try {
    await services.audit.append({
      at: services.now().toISOString(),
      actor: "retention",
      action: "salvage.removed",
      subject,
      reason: why,
      data: { refs: refs.map(({ name, objectId }) => ({ name, objectId })), kept: [...kept], newest: at },
    });
    await services.workspaces.salvages.remove(set);
    services.log.info({ subject, why, refs: refs.length, kept: kept.length }, "let go of a salvage");
    return true;
  } catch (error) {
    services.log.error({ subject, err: error }, "a salvage could not be let go of");
    return false;
  }
}
