import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openSqliteStore, type SqliteStore, type Store } from "@mosaic/store";
import { reservation, spend } from "./ledgers/usage-records.ts";
import { admission, move, notice, successorOf } from "./records.ts";

const AT = "2026-01-01T00:00:00.000Z";
const YEAR_2100 = 4_102_444_800_000;
/** Of the fingerprints of an installation that `fillInstallation` has made. */
export const INSTALLATION_SALT = "0123456789abcdef".repeat(4);

/** An installation of one machine that has something of everything, in whatever state it can be. */
export async function fillInstallation(home: string): Promise<void> {
  await mkdir(home, { recursive: true });
  const identity = { instanceId: "00000000-0000-4000-8000-00000000feed", salt: INSTALLATION_SALT };
  await writeFile(join(home, "identity.json"), `${JSON.stringify(identity)}\n`, { mode: 0o600 });
  const store = await openSqliteStore({ file: join(home, "mosaic.db") });
  try {
    await fillState(store);
    await fillQueue(store);
    await fillControl(store);
  } finally {
    await store.close();
  }
}

async function fillState({ state }: Store): Promise<void> {
  for (let index = 0; index < 12; index += 1) {
    const { task, agent, maxPending } = admission({
      taskId: `task-${index}`,
      agentType: index % 2 ? "worker" : "reviewer",
      runtime: index % 4 === 3 ? "other-agent" : "sdk-worker",
      repository: `https://git.example/${index % 3}`,
      at: `2026-01-01T00:00:${String(index).padStart(2, "0")}.000Z`,
    });
    await state.admit({ task, agent, maxPending });
    await state.append([notice(agent, `half of a pair \ud800, a line\u2028 and ö ${index}`)]);
    if (index % 3 === 0) continue;
    await state.transition(move(agent, { task: "assigned" }));
    await state.transition(
      move(agent, {
        agent: "running",
        task: "executing",
        patch: { owner: "one", details: { list: [], none: {} } },
      }),
    );
    if (index % 3 === 1) continue;
    await state.transition(
      move(agent, {
        agent: "failed",
        task: "pending",
        successor: successorOf(agent),
        patch: { error: "broke" },
      }),
    );
  }
  // Ids go on after the newest, whatever was pruned.
  await state.pruneEvents(40);
}

/** Entries that are ready, delayed, held, given up by their holder, due again, and some that ended. */
async function fillQueue({ queue }: Store): Promise<void> {
  const priorities = [5, 9, 5, 1, 9, 5, 10, 3];
  for (const [index, priority] of priorities.entries())
    await queue.enqueue({ taskId: `task-${index}`, priority });
  const claim = async (workerId: string, leaseMs: number) => {
    const lease = await queue.claim({ workerId, leaseMs, maxActive: 100, maxPerWorker: 100 });
    if (lease === null) throw new Error("nothing to claim");
    return lease;
  };
  await queue.complete(await claim("w1", 60_000));
  await queue.fail(await claim("w1", 60_000));
  await queue.fail(await claim("w1", 60_000), YEAR_2100);
  await claim("w2", 100_000_000_000);
  // Runs out at once, so that the next claim finds it ready again, with a token that still counts.
  await queue.heartbeat(await claim("w3", 60_000), -1);
  await queue.pause();
}

async function fillControl({ usage, audit, tokens, allowedSecrets, facts }: SqliteStore): Promise<void> {
  await spend(usage, "r1");
  await spend(usage, "r2", { reservation: { agentId: "a2", repository: "two" }, entry: { costUsd: 0.1 } });
  await usage.reserve(reservation("r3"), {});
  for (const subject of ["s1", "s2", "s3"])
    await audit.append({ at: AT, actor: "a", action: "b", subject, reason: "ö\u2028", data: { x: [1.5] } });
  await tokens.put({ name: "ci", scopes: ["read"], createdAt: AT }, "hash");
  await allowedSecrets.put({ fingerprint: "f", reason: "r", allowedBy: "a", allowedAt: AT });
  await facts.replace("motto", "pepper");
}

/** What the queue gives, one entry after the other. */
export async function drainQueue({
  queue,
}: Pick<Store, "queue">): Promise<readonly (readonly [string, number])[]> {
  const order: (readonly [string, number])[] = [];
  for (;;) {
    const lease = await queue.claim({ workerId: "last", leaseMs: 60_000, maxActive: 100, maxPerWorker: 100 });
    if (lease === null) return order;
    order.push([lease.taskId, lease.claims]);
    await queue.complete(lease);
  }
}
