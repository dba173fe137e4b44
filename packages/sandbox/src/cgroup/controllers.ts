/** What one sandbox may use. */
export interface GroupLimits {
  readonly memoryBytes: number;
  readonly processes: number;
  /** Processors' worth of time. */
  readonly cpus: number;
}

export const CONTROLLERS = ["memory", "pids", "cpu"] as const;
export type Controller = (typeof CONTROLLERS)[number];

/** One value to write into a group's folder. */
export interface Setting {
  readonly file: string;
  readonly value: string;
  /** Absent without swap accounting or in older kernels. */
  readonly optional?: true;
  /** The kernel refuses more than a group above has, which then holds instead. */
  readonly mayBeTighterAbove?: true;
}

/** How a controller is told its limit, in the hierarchy of each version. */
export interface Rules {
  settings(limits: GroupLimits): readonly Setting[];
  /** Takes the limit away again. */
  readonly lift?: Setting;
  /** Where the kernel counts kills for memory. */
  readonly kills?: string;
  /** Where the kernel counts refused processes. */
  readonly refusals?: string;
}

const PERIOD_US = 100_000;
/** The least that the kernel takes for a quota. */
const MIN_QUOTA_US = 1_000;
/**
 * Of the usual 1024 (version 1) or 100 (version 2): where there is not enough for all, whoever has to end what runs in
 * sandboxes goes first. Among each other they are alike.
 */
const LOW_SHARES = "128";
const LOW_WEIGHT = "12";
const quota = ({ cpus }: GroupLimits): string => String(Math.max(MIN_QUOTA_US, Math.round(cpus * PERIOD_US)));

/** The same in both versions. */
const PIDS: Rules = {
  settings: ({ processes }) => [{ file: "pids.max", value: String(processes) }],
  refusals: "pids.events",
};

/** Files: the kernel's `admin-guide/cgroup-v1` and `admin-guide/cgroup-v2.rst`, `scheduler/sched-bwc.rst`. */
export const RULES: Readonly<Record<Controller, Readonly<Record<1 | 2, Rules>>>> = {
  memory: {
    1: {
      settings: ({ memoryBytes }) => [
        { file: "memory.limit_in_bytes", value: String(memoryBytes) },
        { file: "memory.memsw.limit_in_bytes", value: String(memoryBytes), optional: true },
      ],
      kills: "memory.oom_control",
    },
    2: {
      settings: ({ memoryBytes }) => [
        { file: "memory.max", value: String(memoryBytes) },
        { file: "memory.swap.max", value: "0", optional: true },
      ],
      kills: "memory.events",
    },
  },
  pids: { 1: PIDS, 2: PIDS },
  cpu: {
    1: {
      settings: (limits) => [
        { file: "cpu.cfs_period_us", value: String(PERIOD_US) },
        { file: "cpu.cfs_quota_us", value: quota(limits), mayBeTighterAbove: true },
        { file: "cpu.shares", value: LOW_SHARES, optional: true },
      ],
      lift: { file: "cpu.cfs_quota_us", value: "-1" },
    },
    2: {
      settings: (limits) => [
        { file: "cpu.max", value: `${quota(limits)} ${String(PERIOD_US)}` },
        { file: "cpu.weight", value: LOW_WEIGHT, optional: true },
      ],
      lift: { file: "cpu.max", value: "max" },
    },
  },
};

/** Whether what the kernel counts in the file of `kills` is more than none. */
export const tellsKills = (text: string): boolean => /^oom_kill [1-9]/m.test(text);
