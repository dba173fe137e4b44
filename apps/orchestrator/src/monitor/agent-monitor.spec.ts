import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { SessionEvent } from "../runtimes/port.ts";
import { type AgentMonitor, createAgentMonitor } from "./agent-monitor.ts";
import { measureDisk, measureUse } from "./disk.ts";
import { createLoopDetector } from "./loop.ts";

const MEBIBYTE = 1024 * 1024;

/** A monitor on a clock that moves when it is told to, and everything it said. */
function watched(
  disk: Parameters<typeof createAgentMonitor>[0]["measure"] = async () => ({ bytes: 0 }),
  use: () => number | null = () => null,
) {
  let time = 0;
  let timers: { at: number; callback: () => void }[] = [];
  const said: string[] = [];
  const monitor: AgentMonitor = createAgentMonitor({
    limits: { silenceMs: 1000, loop: 4, diskBytes: 10 * MEBIBYTE },
    folders: () => ["/tree"],
    measure: disk,
    measureUse: async () => use(),
    warn: (limit) => said.push(`warn ${limit}`),
    act: (limit, cause) => said.push(`${limit}: ${cause}`),
    now: () => time,
    after(ms, callback) {
      const timer = { at: time + ms, callback };
      timers.push(timer);
      return () => void (timers = timers.filter((other) => other !== timer));
    },
  });
  const pass = (ms: number): void => {
    const until = time + ms;
    for (;;) {
      const next = timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      timers = timers.filter((other) => other !== next);
      time = next.at;
      next.callback();
    }
    time = until;
  };
  return { monitor, said, pass, timers: () => timers.length };
}

const call = (id: number, input: string): SessionEvent => ({
  type: "tool_call",
  callId: String(id),
  name: "bash",
  input,
});
const result = (id: number, output: string): SessionEvent => ({
  type: "tool_result",
  callId: String(id),
  isError: false,
  output,
  truncated: false,
});

describe("silence", () => {
  it("is warned of at half the limit, and acted on at the limit, once", async () => {
    const { monitor, said, pass } = watched();
    void monitor.turn(() => new Promise(() => undefined));
    pass(499);
    expect(said).toEqual([]);
    pass(1);
    expect(said).toEqual(["warn silence"]);
    pass(5000);
    expect(said).toEqual(["warn silence", "silence: stuck"]);
  });

  it("is broken by the agent's output and by its model's", () => {
    const { monitor, said, pass } = watched();
    void monitor.turn(async (saw) => {
      pass(400);
      saw({ type: "text", text: "hm" });
      pass(400);
      monitor.alive();
      pass(400);
    });
    expect(said).toEqual([]);
  });

  it("does not count between turns, and leaves no timer behind", async () => {
    const { monitor, said, pass, timers } = watched();
    await monitor.turn(async () => undefined);
    pass(5000);
    monitor.stop();
    expect([said, timers()]).toEqual([[], 0]);
  });
});

describe("disk", () => {
  it("is warned of at half the limit, and acted on above it", async () => {
    const sizes = [1, 6, 11];
    const { said, pass } = watched(async () => ({ bytes: (sizes.shift() ?? 0) * MEBIBYTE }));
    for (const expected of [[], ["warn disk"], ["warn disk", "disk: disk_limit"]]) {
      pass(2000);
      await Promise.resolve().then(() => undefined);
      await new Promise(setImmediate);
      expect(said).toEqual(expected);
    }
  });

  it("is counted when it may be over a limit by what was written, or after a while, and not otherwise", async () => {
    // Mebibytes in use by everybody; the last two are the same again after somebody freed as much as was written.
    const uses = [100, 103, 104, 105, 102, 107, 107, 107, 107, 107, 107];
    const counts: number[] = [];
    let look = 0;
    const { pass } = watched(
      async () => {
        counts.push(look);
        return { bytes: MEBIBYTE };
      },
      () => (uses[look] ?? 0) * MEBIBYTE,
    );
    for (; look < uses.length; look += 1) {
      pass(2000);
      await new Promise(setImmediate);
    }
    // At first; 1 + 5 written is more than half of 10; 5 freed and written anew; ten seconds later.
    expect(counts).toEqual([0, 3, 5, 10]);
  });

  it("is counted against the limit once half of it is taken", async () => {
    const uses = [100, 104, 106];
    const counts: number[] = [];
    let look = 0;
    const { said, pass } = watched(
      async () => ({ bytes: counts.push(look) === 1 ? 6 * MEBIBYTE : 11 * MEBIBYTE }),
      () => (uses[look] ?? 0) * MEBIBYTE,
    );
    for (; look < uses.length; look += 1) {
      pass(2000);
      await new Promise(setImmediate);
    }
    expect([counts, said]).toEqual([
      [0, 2],
      ["warn disk", "disk: disk_limit"],
    ]);
  });

  it("fills as the kernel says", async () => {
    const folder = await mkdtemp(join(tmpdir(), "mosaic-use-"));
    try {
      expect(await measureUse([folder])).toBeGreaterThan(0);
      expect(await measureUse([join(folder, "gone")])).toBeNull();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("that cannot be counted is a limit reached", async () => {
    const { said, pass } = watched(async () => ({ unknown: "too deep" }));
    pass(2000);
    await new Promise(setImmediate);
    expect(said).toEqual(["disk: disk_limit"]);
  });

  it("is what du says, whatever the files are called", async () => {
    const folder = await mkdtemp(join(tmpdir(), "-mosaic\n9\ttotal-"));
    try {
      await writeFile(join(folder, "data"), Buffer.alloc(3 * MEBIBYTE, 1));
      const measured = await measureDisk([folder], new AbortController().signal);
      expect("bytes" in measured ? measured.bytes : 0).toBeGreaterThanOrEqual(3 * MEBIBYTE);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("of a folder that is gone is no reason to stop anybody", async () => {
    const gone = join(tmpdir(), "mosaic-not-there");
    expect(await measureDisk([gone], new AbortController().signal)).toEqual({ bytes: 0 });
  });
});

describe("repetition", () => {
  const run = (limit: number, rounds: readonly (readonly [string, string])[]): number => {
    const detector = createLoopDetector(limit);
    let last = 0;
    rounds.forEach(([input, output], index) => {
      detector.saw(call(index, input));
      last = detector.saw(result(index, output));
    });
    return last;
  };

  it("counts the same call with the same result", () => {
    expect(
      run(
        8,
        Array.from({ length: 5 }, () => ["ls", "a"] as const),
      ),
    ).toBe(5);
  });

  it("starts anew with another call or another result", () => {
    expect(
      run(8, [
        ["ls", "a"],
        ["ls", "a"],
        ["ls", "b"],
      ]),
    ).toBe(1);
    expect(
      run(8, [
        ["ls", "a"],
        ["ls", "a"],
        ["pwd", "a"],
      ]),
    ).toBe(1);
  });

  it("sees cycles of two and three calls", () => {
    const cycle = (length: number, times: number) =>
      Array.from({ length: length * times }, (_, index) => [`c${index % length}`, "same"] as const);
    expect(run(8, cycle(2, 5))).toBe(5);
    expect(run(8, cycle(3, 4))).toBe(4);
    expect(run(8, cycle(4, 5))).toBe(1);
  });

  it("is acted on at the limit, with a warning at half of it", async () => {
    const { monitor, said } = watched();
    await monitor.turn(async (saw) => {
      for (let id = 0; id < 6; id += 1) {
        saw(call(id, "ls"));
        saw(result(id, "a"));
      }
    });
    expect(said).toEqual(["warn loop", "loop: stuck"]);
  });
});
