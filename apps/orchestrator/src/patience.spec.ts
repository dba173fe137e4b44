import { expect, it } from "vitest";
import { patiently, type Patience } from "./patience.ts";

const HOUR = 3_600_000;

/** Fails so many times, then answers with how often it was asked. */
function failing(times: number) {
  let asked = 0;
  return () => {
    asked += 1;
    if (asked <= times) throw new Error(`failure ${asked}`);
    return asked;
  };
}

const patience: Patience = { ms: HOUR, pauseMs: 0, passes: () => true };

it("what passes is tried until it is done", async () => {
  expect(await patiently(patience, failing(3))).toBe(4);
});

it("what does not pass is said at once", async () => {
  const passes = (error: unknown): boolean => (error as Error).message === "failure 1";
  await expect(patiently({ ...patience, passes }, failing(3))).rejects.toThrow("failure 2");
});

it("without time there is one try, and its error is the answer", async () => {
  await expect(patiently({ ...patience, ms: 0 }, failing(3))).rejects.toThrow("failure 1");
});

it("an abort ends the pause; what fails once more is the answer", async () => {
  const stop = new AbortController();
  const passes = (): boolean => {
    queueMicrotask(() => stop.abort());
    return true;
  };
  const waiting = patiently({ ...patience, pauseMs: HOUR, passes, signal: stop.signal }, failing(3));
  await expect(waiting).rejects.toThrow("failure 2");
});

it("tells how much time is left", async () => {
  const left: number[] = [];
  const passes = (_: unknown, leftMs: number): boolean => left.push(leftMs) > 0;
  await patiently({ ...patience, passes }, failing(2));
  expect(left.every((ms) => ms > 0 && ms <= HOUR)).toBe(true);
  expect(left).toHaveLength(2);
});
