import { isDeepStrictEqual } from "node:util";
import { foreignVariables } from "../docker/foreign-variables.ts";
import { MASKED, READ_ONLY, type ContainerSettings } from "../docker/settings.ts";
import { tell } from "../docker/verify.ts";
import type { LibpodContainer, OciConfig, OciMount } from "./oci-config.ts";
import { CPU_PERIOD, ociMounts, rlimits } from "./request.ts";

/** Where Podman mounts its init: since 4.0, and before. */
const INITS = ["/run/podman-init", "/dev/init"];

/** File systems of the inside's own, which every container has. */
const KERNEL_MOUNTS = [
  "proc at /proc",
  "sysfs at /sys",
  "tmpfs at /dev",
  "devpts at /dev/pts",
  "mqueue at /dev/mqueue",
  "cgroup at /sys/fs/cgroup",
];

/** Files of the engine's own about the container, in a folder of its own. */
const ENGINE_FILES = ["/etc/hostname", "/run/.containerenv"];

/** What a source's file system does not allow, Podman hands on. These can only take away. */
const HARMLESS = new Set(["nosuid", "nodev", "noexec"]);

export interface Found {
  readonly id: string;
  readonly container: LibpodContainer;
  /** What the OCI runtime was given: libpod's own inspect does not show masks, filter and IPC namespace. */
  readonly config: OciConfig;
}

/** What a container is not as it was asked for. Empty when it is exactly so. */
export function differences(settings: ContainerSettings, { id, container, config }: Found): string[] {
  const wanted = asked(settings);
  const got = found(settings, config);
  const settingsOf = Object.keys(wanted).filter((name) => !isDeepStrictEqual(got[name], wanted[name]));
  const { HostConfig, Config } = container;
  const image = container.Image.replace(/^sha256:/, "");
  const missing = Object.entries(settings.labels).filter(([name, value]) => Config.Labels?.[name] !== value);
  const masked = MASKED.filter((path) => config.linux.maskedPaths?.includes(path) !== true);
  const readOnly = READ_ONLY.filter((path) => config.linux.readonlyPaths?.includes(path) !== true);
  const isInGroup = config.linux.cgroupsPath?.includes(id) === true;
  return [
    ...settingsOf.map((name) => tell(name, wanted[name], got[name])),
    ...masked.map((path) => `${path} is not masked`),
    ...readOnly.map((path) => `${path} is not read-only`),
    ...missing.map(([name, value]) => tell(`label ${name}`, value, Config.Labels?.[name])),
    ...(isInGroup ? [] : [tell("control group", `one of ${id}`, config.linux.cgroupsPath)]),
    ...(image === settings.image.replace(/^sha256:/, "") ? [] : [tell("image", settings.image, image)]),
    ...(HostConfig.Privileged ? ["it is privileged"] : []),
    ...(HostConfig.AutoRemove ? ["it would remove itself"] : []),
    ...(HostConfig.LogConfig.Type === "none" ? [] : [tell("log", "none", HostConfig.LogConfig.Type)]),
    ...(["", "no"].includes(HostConfig.RestartPolicy.Name) ? [] : ["it would start again by itself"]),
    ...differentMounts(settings, config, id),
  ];
}

type Facts = Readonly<Record<string, unknown>>;

function asked(settings: ContainerSettings): Facts {
  const { user, memoryBytes } = settings;
  return {
    user: [user.uid, user.gid],
    "other groups": [],
    command: ["--", ...settings.command],
    "working folder": "/",
    terminal: false,
    "further variables": [],
    capabilities: [],
    "no new privileges": true,
    "read-only root": true,
    namespaces: ["cgroup", "ipc", "mount", "network", "pid", "uts"],
    memory: [memoryBytes, memoryBytes],
    processors: [Math.round(settings.cpus * CPU_PERIOD), CPU_PERIOD],
    processes: settings.processes,
    "limits of a process": rlimits(settings)
      .map(({ name, value }) => `RLIMIT_${name.toUpperCase()} ${String(value)} ${String(value)}`)
      .sort(),
    "system call filter": canonical(JSON.parse(settings.seccomp)),
    devices: [],
    hooks: [],
    "kernel settings": [],
    "root's propagation": false,
  };
}

function found(settings: ContainerSettings, { process, root, linux, hooks = {} }: OciConfig): Facts {
  const { resources, sysctl = {}, rootfsPropagation = "" } = linux;
  return {
    user: [process.user.uid, process.user.gid],
    "other groups": (process.user.additionalGids ?? []).filter((gid) => gid !== process.user.gid),
    // Its first word is the init; see the mounts.
    command: process.args.slice(1),
    "working folder": process.cwd,
    terminal: process.terminal ?? false,
    "further variables": foreignVariables(settings, process.env ?? []),
    capabilities: Object.values(process.capabilities ?? {}).flatMap((names) => names ?? []),
    "no new privileges": process.noNewPrivileges,
    "read-only root": root.readonly,
    // One with a path is somebody else's.
    namespaces: linux.namespaces.map(({ type, path = "" }) => `${type}${path}`).sort(),
    memory: [resources?.memory?.limit, resources?.memory?.swap],
    processors: [resources?.cpu?.quota, resources?.cpu?.period],
    processes: resources?.pids?.limit,
    "limits of a process": (process.rlimits ?? [])
      .map(({ type, soft, hard }) => `${type} ${String(soft)} ${String(hard)}`)
      .sort(),
    "system call filter": canonical(linux.seccomp),
    devices: [...(linux.devices ?? []), ...(resources?.devices ?? []).filter(({ allow }) => allow)],
    hooks: Object.values(hooks).flatMap((programs) => programs ?? []),
    // Those of its own network namespace come from the owner's containers.conf, and are nobody else's.
    "kernel settings": Object.keys(sysctl).filter((name) => !name.startsWith("net.")),
    "root's propagation": /shared/.test(rootfsPropagation),
  };
}

/** Without what stands for nothing: Podman leaves out empty lists of arguments, and second values of 0. */
function canonical(filter: unknown): unknown {
  return JSON.parse(
    JSON.stringify(filter ?? null, (key, value: unknown) => {
      const isNothing = (key === "args" && Array.isArray(value) && value.length === 0) || key === "valueTwo";
      return isNothing && (key !== "valueTwo" || value === 0) ? undefined : value;
    }),
  );
}

function differentMounts(settings: ContainerSettings, config: OciConfig, id: string): string[] {
  const wanted = ociMounts(settings);
  const targets = new Set(wanted.map((mount) => mount.destination));
  const ours = config.mounts.filter((mount) => targets.has(mount.destination));
  const others = config.mounts.filter((mount) => !targets.has(mount.destination));
  const [init = ""] = config.process.args;
  const foreign = others.filter((mount) => !isEngines(mount, { id, init })).map(written);
  const missing = wanted.filter((mount) => !ours.some((candidate) => isSame(candidate, mount)));
  return [
    ...missing.map((mount) => {
      const instead = ours.find((candidate) => candidate.destination === mount.destination);
      return tell(`mount at ${mount.destination}`, written(mount), instead && written(instead));
    }),
    ...(ours.length > wanted.length ? ["something is mounted twice"] : []),
    ...(INITS.includes(init) && others.some(({ destination }) => destination === init)
      ? []
      : ["it has no init"]),
    ...(foreign.length === 0 ? [] : [tell("further mounts", "none", foreign)]),
  ];
}

function isSame(one: OciMount, other: OciMount): boolean {
  const wanted = other.options ?? [];
  const options = (one.options ?? []).filter((option) => wanted.includes(option) || !HARMLESS.has(option));
  return (
    one.destination === other.destination &&
    one.type === other.type &&
    one.source === other.source &&
    isDeepStrictEqual(options.toSorted(), wanted.toSorted())
  );
}

function isEngines(mount: OciMount, { id, init }: { readonly id: string; readonly init: string }): boolean {
  const { destination, type, source, options = [] } = mount;
  if (KERNEL_MOUNTS.includes(`${type} at ${destination}`)) return type === source;
  if (type !== "bind" || !options.includes("ro")) return false;
  if (ENGINE_FILES.includes(destination)) return source.includes(`/${id}/`);
  return destination === init && INITS.includes(init);
}

const written = ({ destination, type, source, options = [] }: OciMount): string =>
  `${type} ${source} at ${destination} (${options.toSorted().join(",")})`;
