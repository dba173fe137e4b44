import type { GitContext } from "../context.ts";
import { resolve } from "../refs.ts";
import { archiveOf } from "./archive.ts";
import { listSalvages } from "./list.ts";
import type { Weights } from "./kept.ts";
import type { Salvages } from "./port.ts";
import { reclaimSpace } from "./reclaim.ts";
import type { Removals } from "../removals.ts";
import { listSets, removeSet, usageOf } from "./sets.ts";

/** What was saved below the data folder. */
export function createSalvages(context: GitContext, removals: Pick<Removals, "settled">): Salvages {
  const weights: Weights = new Map();
  return {
    list: async (agentId, mirror) => {
      await removals.settled(agentId);
      return await listSalvages(context, { agentId, mirror }, weights);
    },
    archive: (mirror, salvaged, signal) => archiveOf(context, { mirror, salvaged }, signal),
    holds: async (mirror, commit) => (await resolve(context.git, mirror, `${commit}^{commit}`)) !== null,
    sets: () => listSets(context),
    usage: () => usageOf(context, weights),
    remove: async (set) => {
      await removeSet(context, set);
      for (const name of set.kept) weights.delete(name);
    },
    reclaim: (signal) => reclaimSpace(context, signal),
  };
}
