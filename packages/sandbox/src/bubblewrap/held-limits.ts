import type { HeldLimits } from "../port.ts";
import type { Host } from "./host.ts";

/** Who keeps which limit. What `enclose` does is decided by the same facts. */
export function heldLimitsOn({ groups, taskset, countsPerSandbox }: Host): HeldLimits {
  const held = groups?.held ?? {};
  return {
    memory: held.memory === undefined ? "watcher" : "kernel",
    processes: held.pids !== undefined || countsPerSandbox ? "kernel" : "watcher",
    cpus: held.cpu !== undefined || taskset !== null ? "kernel" : "none",
  };
}

/** The same, and by what means, for people. */
export function describeLimits({ groups, taskset, countsPerSandbox }: Host): readonly string[] {
  const { memory, pids, cpu } = groups?.held ?? {};
  const group = (version: 1 | 2) => `cgroup v${String(version)}`;
  const processes = countsPerSandbox ? "resource limit" : "watched, and killed when passed";
  const cpus =
    taskset === null
      ? "none (no control group, no taskset)"
      : "bound to whole processors (a part counts as one)";
  return [
    `memory limit: ${memory === undefined ? "watched, and killed when passed" : group(memory)}`,
    `process limit: ${pids === undefined ? processes : group(pids)}`,
    `processor limit: ${cpu === undefined ? cpus : group(cpu)}`,
  ];
}
