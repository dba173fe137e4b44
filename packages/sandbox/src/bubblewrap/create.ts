import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { text } from "node:stream/consumers";
import { isMainThread } from "node:worker_threads";
import { resolveMounts } from "../mount-sources.ts";
import { SandboxError, type Sandbox, type SandboxProcess, type SandboxSpec } from "../port.ts";
import { checkSpec } from "../spec-checks.ts";
import { enclose, type Enclosure } from "./enclosure.ts";
import { inspectHost, type Host } from "./host.ts";
import { heldLimitsOn } from "./held-limits.ts";
import { launch, ready, type Launch } from "./launch.ts";
import { probe } from "./probe.ts";
import { createProcessors, ownProcessors } from "./processors.ts";
import { runningSandbox, type Running } from "./running.ts";
import { createWatcher } from "../watch/watcher.ts";

const BWRAP_PATHS = ["/usr/bin/bwrap", "/bin/bwrap", "/usr/local/bin/bwrap"];

export interface BubblewrapOptions {
  /** Absolute path of bwrap. Default: the first in /usr/bin, /bin, /usr/local/bin. */
  readonly bwrapPath?: string;
  /** Folder where control groups are mounted; null does without them. Default /sys/fs/cgroup. */
  readonly cgroupRoot?: string | null;
}

/**
 * Sandboxes by bubblewrap: own user, PID, network, IPC, UTS, mount and cgroup namespaces, uid 1000 without
 * capabilities, nothing of the host but /usr read-only, a made /etc and what is mounted. All die with this process
 * (the parent-death signal follows the thread that starts them, hence the main thread only).
 */
export function createBubblewrapSandbox(options: BubblewrapOptions = {}): Sandbox {
  const bwrapPath =
    options.bwrapPath ?? BWRAP_PATHS.find((candidate) => existsSync(candidate)) ?? "/usr/bin/bwrap";
  const homes = [...new Set([homedir(), userInfo().homedir, "/root", "/home"])];
  const live = new Map<string, SandboxProcess>();
  /** Ids of sandboxes on their way into `live`. */
  const taken = new Set<string>();
  const processors = createProcessors(ownProcessors());
  const watcher = createWatcher();
  const { cgroupRoot = "/sys/fs/cgroup" } = options;
  let found: Promise<Host> | null = null;
  const host = async () => {
    found ??= inspectHost(bwrapPath, cgroupRoot).catch((error: unknown) => {
      found = null; // looked at again next time: it may be installed by then
      throw error;
    });
    return await found;
  };

  const startReserved = async (spec: SandboxSpec): Promise<SandboxProcess> => {
    const mounts = await resolveMounts(spec, homes);
    const known = await host();
    const enclosure = await enclose(spec, { host: known, processors, watcher });
    const launched = launch(spec, { bwrapPath, mounts, enclosure, ...known });
    const running = runningSandbox(spec, launched, { enclosure, onEnd: () => live.delete(spec.id) });
    live.set(spec.id, running.process);
    try {
      await release(spec, { launched, running, enclosure });
    } catch (error) {
      await running.process.kill();
      throw error;
    }
    return running.process;
  };

  const start = async (spec: SandboxSpec): Promise<SandboxProcess> => {
    if (!isMainThread)
      throw new SandboxError("start sandboxes from the main thread: they die with the starting thread");
    checkSpec(spec);
    if (taken.has(spec.id) || live.has(spec.id))
      throw new SandboxError(`there is a sandbox '${spec.id}' already`);
    taken.add(spec.id);
    return await startReserved(spec).finally(() => taken.delete(spec.id));
  };

  const sandbox: Sandbox = {
    name: "bubblewrap",
    isolates: true,
    takesImages: false,
    heldLimits: async () => heldLimitsOn(await host()),
    removeOrphans: async () => await Promise.resolve([]),
    probe: async () => await probe(sandbox, host),
    start,
    resolve: (_spec, insidePath) => insidePath,
    list: () => [...live.values()],
  };
  return sandbox;
}

interface Release {
  readonly launched: Launch;
  readonly running: Running;
  readonly enclosure: Enclosure;
}

/** Waits until a launched sandbox is set up, puts it under its limits, and lets its command run. */
async function release(spec: SandboxSpec, { launched, running, enclosure }: Release): Promise<void> {
  if (!(await ready(launched.gate))) throw await whyNotReady(spec, launched, running);
  const init = running.init();
  if (init === null) {
    launched.child.kill("SIGKILL"); // whatever it is, it is no bwrap that works
    throw new SandboxError(`sandbox '${spec.id}' has no PID namespace of its own`);
  }
  await enclosure.admit(init, () => {
    // What is left after a kill is what the next one, and `exited`, go on with.
    void running.process.kill();
  });
  launched.gate.end("go\n");
}

async function whyNotReady(spec: SandboxSpec, launched: Launch, running: Running): Promise<SandboxError> {
  await launched.ended;
  if (running.killed()) return new SandboxError(`sandbox '${spec.id}' was killed while it started`);
  const said = (await text(launched.stderr)).trim();
  return new SandboxError(
    `sandbox '${spec.id}' could not be set up: ${said === "" ? "bwrap gave no reason" : said}`,
  );
}
