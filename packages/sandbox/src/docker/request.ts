import type { ContainerRequest } from "./engine-answers.ts";
import { HOSTNAME, MASKED, READ_ONLY, type ContainerSettings, type Tmpfs, type User } from "./settings.ts";

/** A container in words of the Docker Engine API. */
export function containerRequest(settings: ContainerSettings): ContainerRequest {
  const { user } = settings;
  return {
    Image: settings.image,
    User: `${String(user.uid)}:${String(user.gid)}`,
    Entrypoint: settings.command,
    Cmd: [],
    Env: Object.entries(settings.env).map(([name, value]) => `${name}=${value}`),
    Labels: settings.labels,
    WorkingDir: "/",
    Hostname: HOSTNAME,
    NetworkDisabled: true,
    Healthcheck: { Test: ["NONE"] },
    Tty: false,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    StdinOnce: true,
    HostConfig: hostConfig(settings),
  };
}

function hostConfig(settings: ContainerSettings): ContainerRequest["HostConfig"] {
  const { user, memoryBytes, ulimits } = settings;
  return {
    CapDrop: ["ALL"],
    SecurityOpt: ["no-new-privileges:true", `seccomp=${settings.seccomp}`],
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
    Memory: memoryBytes,
    MemorySwap: memoryBytes,
    NanoCpus: Math.round(settings.cpus * 1e9),
    PidsLimit: settings.processes,
    Ulimits: Object.entries(ulimits).map(([Name, value]) => ({ Name, Soft: value, Hard: value })),
    ShmSize: settings.shmBytes,
    Tmpfs: Object.fromEntries(settings.tmpfs.map((folder) => [folder.target, tmpfs(folder, user)])),
    Mounts: settings.mounts.map(({ source, target, writable }) => ({
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
const tmpfs = ({ bytes, mode }: Tmpfs, { uid, gid }: User): string =>
  `rw,exec,nosuid,nodev,size=${String(bytes)},mode=${mode},uid=${String(uid)},gid=${String(gid)}`;
