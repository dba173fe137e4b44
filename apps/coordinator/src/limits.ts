/** Every bound of the quality plane. */
export interface CoordinatorLimits {
  /** Gates that run at once in this process, over all checks. */
  readonly gatesAtOnce: number;
  /** Checks at once; more are answered with 429. */
  readonly checksAtOnce: number;
  /** Milliseconds of one gate, unless the base branch says otherwise. */
  readonly gateTimeoutMs: number;
  /** Milliseconds of one preparation of dependencies. */
  readonly prepareTimeoutMs: number;
  /** Of one gate's sandbox. */
  readonly memoryMb: number;
  readonly fileBytes: number;
  readonly openFiles: number;
  readonly tmpBytes: number;
  readonly processes: number;
  readonly cpus: number;
  /** Below so many free bytes on the data folder's disk, what is running is stopped. */
  readonly minFreeBytes: number;
  /** Bytes of one prepared set of dependencies. */
  readonly preparedBytes: number;
  /** Bytes of all prepared sets together. */
  readonly cacheBytes: number;
  /** Milliseconds after its last use that a prepared set is removed. */
  readonly cacheAgeMs: number;
  /** Milliseconds after its last use that a prepared set is never removed: an agent that mounts it lives up to a day. */
  readonly cacheMinIdleMs: number;
}

const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;

export const DEFAULT_LIMITS: CoordinatorLimits = {
  gatesAtOnce: 2,
  checksAtOnce: 64,
  gateTimeoutMs: 600_000,
  prepareTimeoutMs: 900_000,
  memoryMb: 2048,
  fileBytes: 4 * GIB,
  openFiles: 8192,
  tmpBytes: GIB,
  processes: 2048,
  cpus: 2,
  minFreeBytes: GIB / 2,
  preparedBytes: 8 * GIB,
  cacheBytes: 20 * GIB,
  cacheAgeMs: 30 * 24 * HOUR_MS,
  cacheMinIdleMs: 25 * HOUR_MS,
};
