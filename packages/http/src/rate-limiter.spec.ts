import { describe, expect, it } from "vitest";
import { createRateLimiter } from "./rate-limiter.ts";

function limiterAt(start: number, maxKeys = 100) {
  const clock = { now: start };
  return { clock, limiter: createRateLimiter({ windowMs: 60_000, maxKeys, now: () => clock.now }) };
}

describe("createRateLimiter", () => {
  it("allows a burst of the limit, then one every window / limit", () => {
    const { clock, limiter } = limiterAt(5);
    const burst = Array.from({ length: 12 }, () => limiter.take("a", 10).allowed);
    expect(burst.filter(Boolean)).toHaveLength(10);
    expect(limiter.take("a", 10)).toMatchObject({ allowed: false, remaining: 0, retryAfter: 6 });
    clock.now += 6000;
    expect(limiter.take("a", 10)).toMatchObject({ allowed: true, remaining: 0 });
    expect(limiter.take("a", 10).allowed).toBe(false);
  });

  it("never lets more than twice the limit through in any window", () => {
    const { clock, limiter } = limiterAt(0);
    let allowed = 0;
    for (; clock.now < 60_000; clock.now += 50) if (limiter.take("a", 10).allowed) allowed += 1;
    expect(allowed).toBeLessThanOrEqual(20);
  });

  it("keeps keys apart, and peeking free", () => {
    const { limiter } = limiterAt(0);
    for (let i = 0; i < 5; i += 1) expect(limiter.peek("a", 1).allowed).toBe(true);
    expect(limiter.take("a", 1).allowed).toBe(true);
    expect(limiter.peek("a", 1).allowed).toBe(false);
    expect(limiter.take("b", 1).allowed).toBe(true);
  });

  it("remembers a bounded number of keys: first those that still matter", () => {
    const { clock, limiter } = limiterAt(0, 3);
    limiter.take("stale", 60);
    clock.now += 30_000;
    for (const key of ["a", "b", "c"]) limiter.take(key, 1);
    expect(["a", "b", "c"].map((key) => limiter.peek(key, 1).allowed)).toEqual([false, false, false]);
    limiter.take("d", 1);
    expect(["a", "b", "c", "d"].map((key) => limiter.peek(key, 1).allowed)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
