import { availableParallelism } from "node:os";
import { SANDBOX_HOME } from "../layout.ts";
import type { Mount, SandboxSpec } from "../port.ts";
import { entry } from "./entry.ts";

/** Who a sandbox's processes are, inside and on the host. */
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** The files of the inside that no mount brings. */
export interface UsedImage {
  readonly id: string;
  /** It brings its own programs, instead of the host's. */
  readonly own: boolean;
  /** Folders the image declares as volumes: a private tmpfs each, never a volume on the host's disk. */
  readonly volumes: readonly string[];
  /** Variables that it brings, `NAME=value` each. */
  readonly env: readonly string[];
}

/** A private, empty folder in memory, of the sandbox's user. */
export interface Tmpfs {
  readonly target: string;
  readonly bytes: number;
  /** Octal. */
  readonly mode: string;
}

/**
 * A container of ours, in nobody's words. What is not named here is the same for all: no network, no capabilities, no new
 * privileges, a read-only root, an init, namespaces of its own.
 */
export interface ContainerSettings {
  readonly image: string;
  readonly user: User;
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Those that the image brings, `NAME=value` each. */
  readonly imageEnv: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Outermost first. */
  readonly mounts: readonly Mount[];
  readonly tmpfs: readonly Tmpfs[];
  readonly shmBytes: number;
  readonly memoryBytes: number;
  /** Processors' worth of time. */
  readonly cpus: number;
  readonly processes: number;
  /** Of each process, hard and soft, by the name that ulimit gives them in long. */
  readonly ulimits: { readonly core: number; readonly fsize: number; readonly nofile: number };
  /** JSON text, in Docker's form. */
  readonly seccomp: string;
}

export interface SettingsOptions {
  readonly user: User;
  readonly image: UsedImage;
  readonly mounts: readonly Mount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly seccomp: string;
}

export const HOSTNAME = "mosaic";

/**
 * Docker's own list, with all of /sys beside it: it tells about the host's hardware, and some of it has led out of
 * containers.
 */
export const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kallsyms",
  "/proc/kcore",
  "/proc/keys",
  "/proc/kmsg",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys",
];
export const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The container of a specification. */
export function containerSettings(spec: SandboxSpec, options: SettingsOptions): ContainerSettings {
  const { limits } = spec;
  const { user, image, mounts, labels, seccomp } = options;
  const bytes = limits.tmpBytes;
  const targets = new Set(mounts.map((mount) => mount.target));
  const volumes = image.volumes.filter((volume) => !targets.has(volume));
  // By target: an image may declare one of ours as its volume.
  const tmpfs = new Map<string, Tmpfs>();
  for (const target of ["/tmp", ...volumes]) tmpfs.set(target, { target, bytes, mode: "1777" });
  for (const target of [SANDBOX_HOME, ...spec.scratch]) tmpfs.set(target, { target, bytes, mode: "0755" });
  return {
    image: image.id,
    user,
    command: entry(spec, { ownImage: image.own }),
    env: spec.env,
    imageEnv: image.env,
    labels,
    mounts,
    tmpfs: [...tmpfs.values()],
    shmBytes: bytes,
    memoryBytes: limits.memoryMb * 1024 * 1024,
    cpus: Math.min(limits.cpus, availableParallelism()),
    processes: limits.processes,
    ulimits: { core: 0, fsize: limits.fileBytes, nofile: limits.openFiles },
    seccomp,
  };
}
