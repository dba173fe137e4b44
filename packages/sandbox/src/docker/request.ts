import { availableParallelism } from "node:os";
import { SANDBOX_HOME } from "../layout.ts";
import type { Mount, SandboxLimits, SandboxSpec } from "../port.ts";
import type { ContainerRequest } from "./engine-answers.ts";
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
}

export interface RequestOptions {
  readonly user: User;
  readonly image: UsedImage;
  readonly mounts: readonly Mount[];
  readonly labels: Readonly<Record<string, string>>;
  /** JSON text. */
  readonly seccomp: string;
}

/**
 * Docker's own list, with all of /sys beside it: it tells about the host's hardware, and some of it has led out of
 * containers.
 */
const MASKED = [
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
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/** The container of a specification, in words of the Docker Engine API. */
export function containerRequest(spec: SandboxSpec, options: RequestOptions): ContainerRequest {
  const { user, image } = options;
  return {
    Image: image.id,
    User: `${String(user.uid)}:${String(user.gid)}`,
    Entrypoint: entry(spec, { ownImage: image.own }),
    Cmd: [],
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: options.labels,
    WorkingDir: "/",
    Hostname: "mosaic",
    NetworkDisabled: true,
    Healthcheck: { Test: ["NONE"] },
    Tty: false,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: hostConfig(spec, options),
  };
}

function hostConfig(
  spec: SandboxSpec,
  { mounts, image, user, seccomp }: RequestOptions,
): ContainerRequest["HostConfig"] {
  const { limits } = spec;
  const bytes = limits.memoryMb * 1024 * 1024;
  const folders = [
    ...["/tmp", ...image.volumes].map((folder) => ({ folder, mode: "1777" })),
    ...[SANDBOX_HOME, ...spec.scratch].map((folder) => ({ folder, mode: "0755" })),
  ];
  return {
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges:true", `seccomp=${seccomp}`],
    Privileged: false,
    ReadonlyRootfs: true,
    MaskedPaths: MASKED,
    ReadonlyPaths: READ_ONLY,
    NetworkMode: "none",
    IpcMode: "private",
    CgroupnsMode: "private",
    Init: true,
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    LogConfig: { Type: "none", Config: {} },
    Memory: bytes,
    MemorySwap: bytes,
    NanoCpus: Math.round(Math.min(limits.cpus, availableParallelism()) * 1e9),
    PidsLimit: limits.processes,
    Ulimits: [ulimit("core", 0), ulimit("fsize", limits.fileBytes), ulimit("nofile", limits.openFiles)],
    ShmSize: limits.tmpBytes,
    Tmpfs: Object.fromEntries(folders.map(({ folder, mode }) => [folder, tmpfs(limits, mode, user)])),
    Mounts: mounts.map(({ source, target, writable }) => ({
      Type: "bind",
      Source: source,
      Target: target,
      ReadOnly: !writable,
      // Not recursive: below a read-only mount, engines before 25 leave others writable.
      BindOptions: { Propagation: "rprivate", NonRecursive: true },
    })),
  };
}

/**
 * Programs may run from it, as builds and tests do. It belongs to the sandbox's user because runc before 1.2 gives it
 * the mode of the folder it covers.
 */
const tmpfs = ({ tmpBytes }: SandboxLimits, mode: string, { uid, gid }: User): string =>
  `rw,exec,nosuid,nodev,size=${String(tmpBytes)},mode=${mode},uid=${String(uid)},gid=${String(gid)}`;

const ulimit = (name: string, value: number) => ({ Name: name, Soft: value, Hard: value });
