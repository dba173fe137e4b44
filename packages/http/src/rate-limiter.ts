export interface RateLimiterOptions {
  readonly windowMs: number;
  /** Keys remembered at once; the stalest go first. */
  readonly maxKeys: number;
  readonly now: () => number;
}

export interface Allowance {
  readonly allowed: boolean;
  /** Requests that could follow at once. */
  readonly remaining: number;
  /** Whole seconds until the next request is allowed; 0 when it is now. */
  readonly retryAfter: number;
}

export interface RateLimiter {
  /** Counts one request of `key`, unless it is refused. */
  take(key: string, limit: number): Allowance;
  /** What `take` would answer, without counting. */
  peek(key: string, limit: number): Allowance;
}

/**
 * The generic cell rate algorithm: one number per key (when its bucket will be empty again), so that a burst of `limit`
 * is allowed, then one request every `windowMs / limit`. It has no window edge at which twice the limit passes.
 */
export function createRateLimiter({ windowMs, maxKeys, now }: RateLimiterOptions): RateLimiter {
  const emptyAt = new Map<string, number>();

  function makeRoom(at: number): void {
    for (const [key, time] of emptyAt) if (time <= at) emptyAt.delete(key);
    // Everybody is busy: forget who was added first.
    for (const key of emptyAt.keys()) {
      if (emptyAt.size < maxKeys) return;
      emptyAt.delete(key);
    }
  }

  function measure(key: string, limit: number): Allowance & { readonly next: number; readonly at: number } {
    const at = now();
    const cost = windowMs / limit;
    const next = Math.max(emptyAt.get(key) ?? 0, at) + cost;
    const over = next - at - windowMs;
    return {
      at,
      next,
      allowed: over <= 0,
      remaining: over <= 0 ? Math.floor(Math.abs(over) / cost) : 0,
      retryAfter: over <= 0 ? 0 : Math.max(1, Math.ceil(over / 1000)),
    };
  }

  return {
    peek: measure,
    take(key, limit) {
      const measured = measure(key, limit);
      if (measured.allowed) {
        if (emptyAt.size >= maxKeys && !emptyAt.has(key)) makeRoom(measured.at);
        emptyAt.set(key, measured.next);
      }
      return measured;
    },
  };
}
