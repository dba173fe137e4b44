import { openDistributedStore } from "@mosaic/store/distributed";
import { newServers } from "../../tests/store-mode.ts";
import type { Findings } from "../crash/invariants.ts";

const LEASE_MS = 60_000;
const LIMITS = { leaseMs: LEASE_MS, maxActive: 100, maxPerWorker: 100 };

/** Two orchestrators' stores reach for one task at the same moment, again and again. Answers with who won how often. */
export async function race(races: number, found: Findings): Promise<string> {
  const servers = await newServers();
  const open = (clientName: string) =>
    openDistributedStore({
      valkeyUrl: servers.env["VALKEY_URL"] ?? "",
      databaseUrl: servers.env["DATABASE_URL"] ?? "",
      clientName,
      onListenerError: (error) => found.violations.push(`a listener failed: ${String(error)}`),
    });
  const stores = [await open("one"), await open("two")];
  const won = stores.map(() => 0);
  try {
    for (let at = 0; at < races; at += 1) {
      await stores[at % 2]?.queue.enqueue({ taskId: `t${at}`, priority: 5 });
      // Who asks first takes turns; both are on their way before either is answered.
      const order = at % 4 < 2 ? [0, 1] : [1, 0];
      const claims = await Promise.all(
        order.map(async (index) => ({
          index,
          lease: await stores[index]?.queue.claim({ workerId: `worker-${index}`, ...LIMITS }),
        })),
      );
      const held = claims.flatMap(({ index, lease }) =>
        lease === null || lease === undefined ? [] : [{ index, lease }],
      );
      if (held.length === 0) found.losses.push(`t${at} was claimed by nobody`);
      if (held.length > 1) found.violations.push(`t${at} was claimed ${held.length} times`);
      for (const { index, lease } of held) {
        if (lease.taskId !== `t${at}` || lease.claims !== 1)
          found.violations.push(
            `instead of t${at}, ${lease.taskId} was claimed, for the ${lease.claims}. time`,
          );
        won[index] = (won[index] ?? 0) + 1;
        await stores[index]?.queue.complete(lease);
      }
    }
    return `won by one and the other: ${won.join(", ")}`;
  } finally {
    for (const store of stores) await store.close();
    await servers.close();
  }
}
