import { lstat, realpath } from "node:fs/promises";
import path from "node:path";
import { SandboxError, type Mount, type SandboxSpec } from "./port.ts";
import { isWithin } from "./spec-checks.ts";

/** Control sockets: whoever can connect to one of these owns the host. */
const CONTROL_SOCKETS = [
  "/run/docker.sock",
  "/var/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/podman/podman.sock",
  "/run/dbus/system_bus_socket",
  "/run/systemd/private",
];

/** Names in a home folder that hold credentials, with everything below them. */
const CREDENTIALS = [
  ".ssh",
  ".aws",
  ".azure",
  ".gnupg",
  ".kube",
  ".docker",
  ".netrc",
  ".npmrc",
  ".pypirc",
  ".git-credentials",
  ".config/gh",
  ".config/gcloud",
  ".claude",
  ".claude.json",
  ".cargo/credentials",
  ".cargo/credentials.toml",
];

/** Kernel interfaces: the sandbox has its own. */
const KERNEL = ["/proc", "/sys", "/dev"];

/**
 * The mounts of a specification with real sources, outermost first, so that a nested one is not hidden by its parent.
 *
 * @param homes home folders: neither they nor what holds them, nor the credentials in them, can be mounted
 * @param sockets more sockets whose user owns the host, beside the well-known ones
 * @throws SandboxError when a source does not exist or must not be seen, or when a target runs through a symbolic link
 */
export async function resolveMounts(
  spec: SandboxSpec,
  homes: readonly string[],
  sockets: readonly string[] = [],
): Promise<readonly Mount[]> {
  const mounts = await Promise.all(
    spec.mounts.map(async (mount) => ({
      ...mount,
      source: await resolveSource(mount.source, homes, sockets),
    })),
  );
  const ordered = mounts.sort((a, b) => depth(a.target) - depth(b.target));
  for (const target of [...ordered.map((mount) => mount.target), ...spec.scratch]) {
    await refuseLinkedTarget(target, ordered);
  }
  return ordered;
}

async function resolveSource(
  source: string,
  homes: readonly string[],
  sockets: readonly string[],
): Promise<string> {
  if (!path.isAbsolute(source)) throw new SandboxError(`mount source '${source}' is not an absolute path`);
  let real: string;
  try {
    real = await realpath(source);
  } catch (error) {
    throw new SandboxError(`mount source '${source}' cannot be used: it must exist before the start`, {
      cause: error,
    });
  }
  const reason = whyProtected(real, homes, sockets);
  if (reason !== null) throw new SandboxError(`mount source '${source}' (${real}) is refused: ${reason}`);
  return real;
}

/** Why a real path must not be seen inside, or null. */
export function whyProtected(
  real: string,
  homes: readonly string[],
  sockets: readonly string[] = [],
): string | null {
  if (real === "/") return "it is the whole host";
  if (KERNEL.some((folder) => isWithin(real, folder))) return "it is an interface of the host's kernel";
  const socket = [...CONTROL_SOCKETS, ...sockets].find((candidate) => isWithin(candidate, real));
  if (socket !== undefined) return `it would hand over the host through ${socket}`;
  if (isWithin("/etc/shadow", real)) return "it holds the host's accounts";
  for (const home of homes.filter((candidate) => candidate !== "/")) {
    if (isWithin(home, real)) return `it holds the home folder ${home}; mount what is needed in it`;
    const name = CREDENTIALS.find((candidate) => {
      const place = path.join(home, candidate);
      return isWithin(real, place) || isWithin(place, real);
    });
    if (name !== undefined) return `credentials are kept at ~/${name}`;
  }
  return null;
}

/**
 * A target below another mount is created by bwrap in that mount's source. A symbolic link there, which an agent may have
 * planted, would put the mount (and folders made on the way) somewhere else.
 */
async function refuseLinkedTarget(target: string, mounts: readonly Mount[]): Promise<void> {
  const outer = mounts.filter((mount) => mount.target !== target && isWithin(target, mount.target)).at(-1);
  if (outer === undefined) return;
  let current = outer.source;
  for (const part of path.posix.relative(outer.target, target).split("/")) {
    current = path.join(current, part);
    const found = await lstat(current).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
      throw error;
    });
    if (found === null) return;
    if (found.isSymbolicLink()) {
      throw new SandboxError(`mount target '${target}' is refused: ${current} is a symbolic link; remove it`);
    }
  }
}

function depth(target: string): number {
  return target.split("/").length;
}
