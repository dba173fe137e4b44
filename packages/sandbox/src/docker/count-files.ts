import { existsSync } from "node:fs";
import path from "node:path";
import { RULES, tellsKills } from "../cgroup/controllers.ts";
import { placesFor } from "../cgroup/places.ts";
import { controlGroupsOf } from "../process-table.ts";
import { readText } from "../read-text.ts";

const ROOT = "/sys/fs/cgroup";

/**
 * Where the kernel counts the processes that it refuses to a container; null where that cannot be seen from here.
 *
 * @param pid one of its processes, as the host numbers it
 */
export function refusalsFile(pid: number, containerId: string): string | null {
  return countFile({ pid, containerId, controller: "pids", name: "refusals" });
}

/**
 * Looks whether the kernel ended something in a container for lack of memory. Podman's own word for it does not hold on
 * control groups of version 1. To be asked before the engine removes the group; false later, and where it cannot be seen.
 *
 * @param pid one of its processes, as the host numbers it
 */
export function memoryKills(pid: number, containerId: string): () => boolean {
  const file = countFile({ pid, containerId, controller: "memory", name: "kills" });
  return () => file !== null && tellsKills(readText(file) ?? "");
}

interface Counted {
  readonly pid: number;
  readonly containerId: string;
  readonly controller: "pids" | "memory";
  readonly name: "refusals" | "kills";
}

function countFile({ pid, containerId, controller, name }: Counted): string | null {
  const membership = controlGroupsOf(pid);
  if (membership === null) return null;
  const places = placesFor(controller, ROOT, membership).filter(({ parent }) => parent.includes(containerId));
  // Some runtimes set the limit one group above the processes' own, where newer kernels count, too.
  const limited = places.filter(({ parent }) => readText(path.join(parent, "pids.max"))?.trim() !== "max");
  const files = limited.map(({ parent, version }) =>
    path.join(parent, RULES[controller][version][name] ?? ""),
  );
  return files.find((file) => existsSync(file)) ?? null;
}
