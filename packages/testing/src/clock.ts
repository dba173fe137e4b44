/** A clock that stands still until it is told to move. */
export interface FakeClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** RFC 3339, UTC. */
  iso(): string;
  advance(milliseconds: number): void;
}

/** A clock that starts at `start` (milliseconds since the epoch). */
export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let time = start;
  return {
    now: () => time,
    iso: () => new Date(time).toISOString(),
    advance(milliseconds) {
      time += milliseconds;
    },
  };
}
