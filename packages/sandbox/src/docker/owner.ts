import { readFileSync } from "node:fs";
import { identityOf, pidNamespaceOf } from "../process-table.ts";

/** What a container says about who made it and what for. */
export const LABELS = {
  instance: "mosaic.instance",
  id: "mosaic.id",
  label: "mosaic.label",
  pid: "mosaic.owner.pid",
  startTime: "mosaic.owner.start",
  boot: "mosaic.owner.boot",
  pidNamespace: "mosaic.owner.pidns",
} as const;

/** The labels that tell this process from every other: a process id alone is given again. */
export function ownerLabels(): Readonly<Record<string, string>> {
  return {
    [LABELS.pid]: String(process.pid),
    [LABELS.startTime]: identityOf(process.pid)?.startTime ?? "",
    [LABELS.boot]: bootId(),
    [LABELS.pidNamespace]: pidNamespaceOf("self") ?? "",
  };
}

/**
 * Whether the process that made a container is certainly gone. What cannot be judged from here (made in another PID
 * namespace, or by something that left out who it is) counts as alive.
 */
export function isOrphaned(labels: Readonly<Record<string, string>>): boolean {
  const pid = Number(labels[LABELS.pid]);
  const startTime = labels[LABELS.startTime] ?? "";
  const boot = labels[LABELS.boot] ?? "";
  if (!Number.isSafeInteger(pid) || pid <= 0 || startTime === "" || boot === "") return false;
  // The engine is this host's (see the probe), and no process outlives a restart of its host.
  if (boot !== bootId()) return bootId() !== "";
  if (labels[LABELS.pidNamespace] !== (pidNamespaceOf("self") ?? "")) return false;
  return identityOf(pid)?.startTime !== startTime;
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return ""; // no Linux
  }
}
