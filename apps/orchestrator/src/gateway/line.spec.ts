import { describe, expect, it } from "vitest";
import { createLine, type Entered, type Line, type Place } from "./line.ts";

/** Long enough for everything here. */
const LATER = 60_000;

function line(concurrency: number, clock = (): number => performance.now()): Line {
  return createLine({ concurrency, clock, random: () => 0 });
}

const forever = { deadline: performance.now() + LATER, signal: new AbortController().signal, again: false };

async function enter(at: Line, agentId: string, options: Partial<typeof forever> = {}): Promise<Place> {
  const entered = await at.enter(agentId, { ...forever, ...options });
  if (entered.kind === "late") throw new Error("late");
  return entered.place;
}

/** Notes who enters, in order, and lets everyone out again at once. */
function noting(at: Line, order: string[]): (agentId: string, again?: boolean) => Promise<void> {
  return async (agentId, again = false) => {
    const place = await enter(at, agentId, { again });
    order.push(agentId);
    place.answered();
    place.leave();
  };
}

describe("the line to the model's API", () => {
  it("lets in only so many at a time", async () => {
    const at = line(2);
    const [first] = [await enter(at, "a"), await enter(at, "b")];
    const third = enter(at, "c");
    expect(at.state()).toEqual({ waiting: 1, active: 2, paused: null });
    first?.leave();
    first?.leave();
    (await third).leave();
    expect(at.state()).toMatchObject({ waiting: 0, active: 1 });
  });

  it("is fair: an agent with many requests does not keep out one with few", async () => {
    const at = line(1);
    const order: string[] = [];
    const go = noting(at, order);
    const holder = await enter(at, "x");
    const all = ["a", "a", "a", "a", "b", "c", "b"].map((agentId) => go(agentId));
    holder.leave();
    await Promise.all(all);
    expect(order).toEqual(["a", "b", "c", "a", "b", "a", "a"]);
  });

  it("takes a request that was told to come back before those that had no turn yet", async () => {
    const at = line(1);
    const order: string[] = [];
    const go = noting(at, order);
    const holder = await enter(at, "x");
    const all = [go("a"), go("b"), go("x", true)];
    holder.leave();
    await Promise.all(all);
    expect(order).toEqual(["x", "a", "b"]);
  });

  it("pauses everyone when the API says so, then tries one before the others", async () => {
    let now = 0;
    const at = line(8, () => now);
    const options = { deadline: 100_000 };
    const first = await enter(at, "a", options);
    const second = await enter(at, "b", options);
    expect(first.throttled(529, 40)).toBe(40);
    // Under way when the pause began: it makes the pause longer, not worse.
    expect(second.throttled(429, 50)).toBe(50);
    first.leave();
    second.leave();
    const waiting = ["a", "b", "c"].map((agentId) => enter(at, agentId, options));
    expect(at.state()).toEqual({ waiting: 3, active: 0, paused: { ms: 50, status: 429 } });
    now = 51;
    const probe = await Promise.race(waiting);
    expect(at.state()).toMatchObject({ waiting: 2, active: 1, paused: null });
    probe.answered();
    await Promise.all(waiting);
    expect(at.state()).toMatchObject({ waiting: 0, active: 3 });
  });

  it("pauses longer each time when the API does not say how long", async () => {
    let now = 0;
    const at = line(1, () => now);
    const pauses: number[] = [];
    for (let time = 0; time < 8; time += 1) {
      const place = await enter(at, "a", { deadline: Number.MAX_SAFE_INTEGER });
      pauses.push(place.throttled(529, null) - now);
      place.leave();
      now += 100_000;
    }
    expect(pauses).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("is not made to hurry by an API that says too little", async () => {
    let now = 0;
    const at = line(1, () => now);
    const pauses: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      const place = await enter(at, "a", { deadline: Number.MAX_SAFE_INTEGER });
      pauses.push(place.throttled(529, 5) - now);
      place.leave();
      now += 100_000;
    }
    expect(pauses).toEqual([5, 500, 1000, 2000]);
  });

  it("turns away at once what could not have its turn in time, and says when to come back", async () => {
    const at = line(1, () => 0);
    const place = await enter(at, "a", { deadline: 10 });
    place.throttled(529, 30_000);
    place.leave();
    const late: Entered = await at.enter("b", { ...forever, deadline: 10_000 });
    expect(late).toEqual({ kind: "late", retryAfterMs: 30_000 });
    expect(at.state()).toMatchObject({ waiting: 0 });
  });

  it("turns away what has waited as long as it may", async () => {
    const at = line(1);
    const holder = await enter(at, "a");
    const deadline = performance.now() + 5;
    expect(await at.enter("b", { ...forever, deadline })).toMatchObject({ kind: "late" });
    holder.leave();
  });

  it("forgets a request that is given up, at once", async () => {
    const at = line(1);
    const holder = await enter(at, "a");
    const stop = new AbortController();
    const waiting = enter(at, "b", { signal: stop.signal });
    const behind = enter(at, "c");
    stop.abort(new Error("killed"));
    await expect(waiting).rejects.toThrow("killed");
    expect(at.state()).toMatchObject({ waiting: 1 });
    await expect(enter(at, "b", { signal: stop.signal })).rejects.toThrow("killed");
    holder.leave();
    (await behind).leave();
  });
});
