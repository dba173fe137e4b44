import { describe, expect, it } from "vitest";
import { createSharedWork } from "./shared-work.ts";

/** Work that a test ends by hand. */
function manual() {
  const runs: { signal: AbortSignal; end: () => void; fail: (error: Error) => void }[] = [];
  const work = (signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      runs.push({ signal, end: resolve, fail: reject });
    });
  const begun = (count: number) => expect.poll(() => runs.length).toBe(count);
  return { runs, work, begun };
}

describe("shared work", () => {
  it("is one run for those who wait, and a new one for those who come while it runs", async () => {
    const shared = createSharedWork();
    const { runs, work, begun } = manual();
    const first = shared.join(work);
    await begun(1);
    const second = shared.join(work);
    const third = shared.join(work);
    runs[0]?.end();
    await first;
    await begun(2);
    runs[1]?.end();
    await Promise.all([second, third]);
    expect(runs).toHaveLength(2);
  });

  it("fails for everybody who waits, and can be tried again", async () => {
    const shared = createSharedWork();
    const { runs, work, begun } = manual();
    const both = [shared.join(work), shared.join(work)];
    await begun(1);
    runs[0]?.fail(new Error("no network"));
    for (const one of both) await expect(one).rejects.toThrow("no network");
    const again = shared.join(work);
    await begun(2);
    runs[1]?.end();
    await again;
  });

  it("goes on while one caller stays, and is aborted when the last one goes", async () => {
    const shared = createSharedWork();
    const { runs, work, begun } = manual();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = shared.join(work, one.signal);
    const second = shared.join(work, two.signal);
    await begun(1);
    one.abort(new Error("first goes"));
    await expect(first).rejects.toThrow("first goes");
    expect(runs[0]?.signal.aborted).toBe(false);
    two.abort(new Error("second goes"));
    await expect(second).rejects.toThrow("second goes");
    expect(runs[0]?.signal.aborted).toBe(true);
  });

  it("lets a caller go at once who waits behind the run of others", async () => {
    const shared = createSharedWork();
    const { runs, work, begun } = manual();
    const first = shared.join(work);
    await begun(1);
    const controller = new AbortController();
    const waiting = shared.join(work, controller.signal);
    controller.abort(new Error("killed"));
    await expect(waiting).rejects.toThrow("killed");
    await expect(shared.join(work, controller.signal)).rejects.toThrow("killed");
    const later = shared.join(work);
    runs[0]?.end();
    await first;
    await begun(2);
    runs[1]?.end();
    await later;
  });
});
