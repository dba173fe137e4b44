import { HOSTNAME, MASKED, type ContainerSettings } from "../docker/settings.ts";
import type { Mount } from "../port.ts";
import { allowedProcesses } from "../resource-limits.ts";
import type { OciMount } from "./oci-config.ts";

/** Microseconds in which a container has its part of the processors' time. The kernel's own default. */
export const CPU_PERIOD = 100_000;

/** A namespace of the container's own. */
const OWN = { nsmode: "private" };

/**
 * A container in words of libpod's own API: the body of `POST /libpod/containers/create`, a SpecGenerator.
 *
 * @param seccompFile where the engine finds the system call filter
 */
export function specGenerator(name: string, settings: ContainerSettings, seccompFile: string): object {
  const { user, memoryBytes } = settings;
  return {
    name,
    image: settings.image,
    user: `${String(user.uid)}:${String(user.gid)}`,
    entrypoint: settings.command,
    env: settings.env,
    httpproxy: false,
    labels: settings.labels,
    work_dir: "/",
    hostname: HOSTNAME,
    stdin: true,
    terminal: false,
    init: true,
    // Processes are ended by SIGKILL: nothing of ours waits for what ignores others.
    stop_timeout: 0,
    restart_policy: "no",
    log_configuration: { driver: "none" },
    healthconfig: { Test: ["NONE"] },
    systemd: "false",
    sdnotifyMode: "ignore",
    // Account files, hosts and resolver are the image's.
    manage_password: false,
    use_image_hosts: true,
    use_image_resolve_conf: true,
    image_volume_mode: "ignore",
    privileged: false,
    cap_drop: ["ALL"],
    no_new_privileges: true,
    read_only_filesystem: true,
    // From Podman 4.4 on it would add some of its own.
    read_write_tmpfs: false,
    seccomp_profile_path: seccompFile,
    mask: MASKED,
    netns: { nsmode: "none" },
    // Without a /dev/shm on the host: it is one of our tmpfs.
    ipcns: { nsmode: "none" },
    pidns: OWN,
    utsns: OWN,
    cgroupns: OWN,
    userns: { nsmode: "host" },
    resource_limits: {
      memory: { limit: memoryBytes, swap: memoryBytes },
      cpu: { period: CPU_PERIOD, quota: Math.round(settings.cpus * CPU_PERIOD) },
      pids: { limit: settings.processes },
    },
    r_limits: rlimits(settings).map(({ name: type, value }) => ({ type, soft: value, hard: value })),
    mounts: ociMounts(settings).map((mount) =>
      mount.type === "tmpfs" ? { ...mount, options: tmpfsOptions(mount) } : mount,
    ),
  };
}

/** What of it the runtime is to keep. Unless it is told one for processes, Podman sets one that may be out of its reach. */
export function rlimits(settings: ContainerSettings): readonly { name: string; value: number }[] {
  const all = { ...settings.ulimits, nproc: allowedProcesses() };
  return Object.entries(all).map(([name, value]) => ({ name, value }));
}

/** The mounts that were asked for, as the OCI runtime is to get them. */
export function ociMounts({ mounts, tmpfs, shmBytes, user }: ContainerSettings): readonly OciMount[] {
  const folder = (destination: string, ...options: string[]): OciMount => ({
    destination,
    type: "tmpfs",
    source: "tmpfs",
    options: ["rw", "nosuid", "nodev", "rprivate", ...options],
  });
  const owner = [`uid=${String(user.uid)}`, `gid=${String(user.gid)}`];
  return [
    ...mounts.map(bind),
    ...tmpfs.map(({ target, bytes, mode }) =>
      folder(target, "exec", `size=${String(bytes)}`, `mode=${mode}`, ...owner),
    ),
    folder("/dev/shm", "noexec", `size=${String(shmBytes)}`, "mode=1777", ...owner),
  ];
}

/** Not recursive (`bind`, not `rbind`): what is mounted below a read-only source would be writable. */
const bind = ({ source, target, writable }: Mount): OciMount => ({
  destination: target,
  type: "bind",
  source,
  options: ["bind", "rprivate", writable ? "rw" : "ro"],
});

/** Podman takes the owner as `U`, the container's user, and would copy what the image has at that place. */
const tmpfsOptions = ({ options = [] }: OciMount): readonly string[] => [
  ...options.filter((option) => !/^[ug]id=/.test(option)),
  "U",
  "notmpcopyup",
];
