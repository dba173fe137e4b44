/** One figure, against a floor or a peer taken in the same run. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** The same work done bare; null where the bar is absolute. */
  readonly floor: number | null;
  /** What is asked of the ratio (or of the value, without a floor): DESIGN §13. */
  readonly bar: {
    readonly at: "least" | "most";
    readonly of: "ratio" | "value";
    readonly limit: number;
  } | null;
}

export interface BenchCase {
  readonly name: string;
  run(): Promise<readonly Figure[]>;
}

/** Value against floor; null without one. */
export function ratioOf(figure: Figure): number | null {
  return figure.floor === null || figure.floor === 0 ? null : figure.value / figure.floor;
}

/** Whether the bar is reached; null when there is none. */
export function reached(figure: Figure): boolean | null {
  if (figure.bar === null) return null;
  const measured = figure.bar.of === "value" ? figure.value : (ratioOf(figure) ?? Number.NaN);
  return figure.bar.at === "least" ? measured >= figure.bar.limit : measured <= figure.bar.limit;
}

/** The value below which a share of the samples lies. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => percentile(samples, 0.5);

/** Milliseconds that `action` took. */
export async function timed(action: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await action();
  return performance.now() - started;
}

/** Calls `action` for 0 to count - 1, `width` at a time. */
export async function inParallel(
  count: number,
  width: number,
  action: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await action(index);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}
