import { type Lease, StoreUnavailableError, type TaskQueue } from "@mosaic/store";
import { createLogger } from "@mosaic/telemetry";
import { afterEach, expect, it } from "vitest";
import type { HeldLease } from "./held-lease.ts";
import { holdLease } from "./hold-lease.ts";

const LEASE: Lease = { taskId: "t", workerId: "w", token: "1", expiresAt: 0, claims: 1 };
/** Whatever was confirmed is old at once. */
const LEASE_MS = 0;
const PATIENCE_MS = 60_000;

let held: HeldLease;
let lost: number;
afterEach(() => held.stop());

/** A queue that says these things first, and from then on the last of them. */
function hold(answers: readonly TaskQueue["heartbeat"][], storePatienceMs: number | null): void {
  let asked = 0;
  const heartbeat: TaskQueue["heartbeat"] = (lease, ms) => {
    const answer = answers[Math.min(asked, answers.length - 1)] ?? away;
    asked += 1;
    return answer(lease, ms);
  };
  lost = 0;
  held = holdLease(
    {
      queue: { heartbeat } as TaskQueue,
      settings: { leaseMs: LEASE_MS, storePatienceMs } as Parameters<typeof holdLease>[0]["settings"],
      log: createLogger({ name: "lease", level: "silent", redact: (text) => text }),
    },
    LEASE,
    () => (lost += 1),
  );
}

const away: TaskQueue["heartbeat"] = async () => {
  throw new StoreUnavailableError("unreachable", "away");
};
const renewed: TaskQueue["heartbeat"] = async (lease) => lease;
const taken: TaskQueue["heartbeat"] = async () => null;

it("the question before something final waits for a store that is away, and is answered by it", async () => {
  hold([away, away, away, renewed], PATIENCE_MS);
  expect(await held.confirm()).toBe(true);
  expect(lost).toBe(0);
});

it("a store that comes back to say that the task is another's is believed, and told once", async () => {
  hold([away, away, taken], PATIENCE_MS);
  expect(await held.confirm()).toBe(false);
  expect(await held.confirm()).toBe(false);
  expect(lost).toBe(1);
});

it("does not wait where the store is on this machine", async () => {
  hold([away], null);
  await expect(held.confirm()).rejects.toThrow("away");
});
