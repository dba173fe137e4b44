import { Semaphore } from "async-mutex";
import { createHash, randomUUID } from "node:crypto";
import { realpathSync } from "node:fs";
import { availableParallelism, homedir, userInfo } from "node:os";
import { resolveMounts } from "../mount-sources.ts";
import { connectPodman } from "../podman/engine.ts";
import { SandboxError, type HeldLimits, type Mount, type Sandbox, type SandboxSpec } from "../port.ts";
import { checkSpec } from "../spec-checks.ts";
import { createWatcher } from "../watch/watcher.ts";
import { giveAccess, makeMountPoints, sandboxUser } from "./access.ts";
import { remembered } from "./remembered.ts";
import { containerRun, type ContainerRun } from "./container.ts";
import { connectEngine, type Engine } from "./engine.ts";
import { hostToolsImage, hostToolsMounts } from "./host-tools.ts";
import { launch } from "./launch.ts";
import { LABELS, ownerLabels } from "./owner.ts";
import { removeOrphans } from "./orphans.ts";
import { ownImage } from "./own-image.ts";
import { probe } from "./probe.ts";
import { seccompProfile } from "./seccomp-profile.ts";
import { containerSettings, type UsedImage } from "./settings.ts";

export interface DockerOptions {
  /** The engine's unix socket. */
  readonly socketPath: string;
  /** Whose engine it is. Default `docker`. */
  readonly name?: "docker" | "podman";
  /** Longest wait for one answer of the engine, in milliseconds. Default 20,000. */
  readonly answerMs?: number;
}

/**
 * Sandboxes by a Docker or Podman engine of this host: a container each, without network, capabilities and a writable
 * root, under the engine's limits of memory, processes and processors, with a system call filter of our own. Its files
 * are the host's programs, read-only, or those of an image. It is looked at before it is started: one that is not exactly
 * as it was asked for is removed.
 */
export function createDockerSandbox(options: DockerOptions): Sandbox {
  const { socketPath, name = "docker" } = options;
  const instance = randomUUID();
  const user = sandboxUser();
  const homes = [...new Set([homedir(), userInfo().homedir, "/root", "/home"])];
  const labels = { [LABELS.instance]: instance, ...ownerLabels() };
  const live = new Map<string, ContainerRun>();
  const turns = new Semaphore(Math.max(4, 2 * availableParallelism()));
  const watcher = createWatcher();
  let started = 0;

  const connect = name === "podman" ? connectPodman : connectEngine;
  const engine = remembered(() => connect(socketPath, options.answerMs));
  const hostTools = remembered(async () => await hostToolsImage(await engine.get(), user));
  const toolMounts = remembered(() => Promise.resolve(hostToolsMounts()));

  const imageOf = async (spec: SandboxSpec): Promise<UsedImage> =>
    spec.image === undefined ? await hostTools.get() : await ownImage(await engine.get(), spec.image);

  const prepare = async (spec: SandboxSpec) => {
    const seccomp = seccompProfile(process.arch);
    if (seccomp === null)
      throw new SandboxError(
        `there is no system call filter for ${process.arch}; containers need x64 or arm64`,
      );
    const [given, image, tools] = await Promise.all([
      resolveMounts(spec, homes, [realSocket(socketPath)]),
      imageOf(spec),
      spec.image === undefined ? toolMounts.get() : [],
    ]);
    await giveAccess(given, user);
    await makeMountPoints(spec, given);
    const mounts = merged(tools, given);
    const own = { [LABELS.id]: spec.id, [LABELS.label]: spec.label };
    return containerSettings(spec, { user, image, mounts, seccomp, labels: { ...labels, ...own } });
  };

  const startReserved = async (spec: SandboxSpec) => {
    started += 1;
    const run = containerRun(spec, {
      name: containerName(instance, spec.id, started),
      watcher,
      onEnd: () => {
        live.delete(spec.id);
      },
    });
    live.set(spec.id, run);
    await launch(spec, {
      run,
      engine: engine.get,
      prepare: async () => await prepare(spec),
      // Somebody tidied up the engine's images since this one was last used.
      imageGone: hostTools.forget,
      turns,
    });
    return run.process;
  };

  const sandbox: Sandbox = {
    name,
    isolates: true,
    takesImages: true,
    heldLimits: async () => await heldLimits(await engine.get()),
    removeOrphans: async () =>
      await removeOrphans(await engine.get(), { instance, isLive: (id) => live.has(id) }),
    probe: async () => await probe(sandbox, engine.get),
    async start(spec) {
      checkSpec(spec);
      if (live.has(spec.id)) throw new SandboxError(`there is a sandbox '${spec.id}' already`);
      return await startReserved(spec);
    },
    resolve: (_spec, insidePath) => insidePath,
    list: () => [...live.values()].map((run) => run.process),
  };
  return sandbox;
}

/** Unique on the engine, and within its rules for names. */
const containerName = (instance: string, id: string, count: number): string =>
  `mosaic-${instance.slice(0, 8)}-${String(count)}-${createHash("sha256").update(id).digest("hex").slice(0, 12)}`;

/** Given mounts take the place of the host's tools at the same target. */
function merged(tools: readonly Mount[], given: readonly Mount[]): readonly Mount[] {
  const targets = new Set(given.map((mount) => mount.target));
  return [...tools.filter((mount) => !targets.has(mount.target)), ...given];
}

function realSocket(socketPath: string): string {
  try {
    return realpathSync(socketPath);
  } catch {
    return socketPath; // not there: the connection to it will say so
  }
}

async function heldLimits(engine: Engine): Promise<HeldLimits> {
  const info = await engine.info();
  const keeper = (holds: boolean | undefined) => (holds === true ? "kernel" : "none");
  return {
    memory: keeper(info.MemoryLimit === true && info.SwapLimit === true),
    processes: keeper(info.PidsLimit),
    cpus: keeper(info.CpuCfsQuota),
  };
}
