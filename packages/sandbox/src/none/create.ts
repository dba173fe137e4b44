import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { kept } from "../kept-output.ts";
import {
  SandboxError,
  type KillOutcome,
  type Sandbox,
  type SandboxExit,
  type SandboxProcess,
  type SandboxSpec,
} from "../port.ts";
import { limitsScript } from "../resource-limits.ts";
import { checkSpec } from "../spec-checks.ts";
import { createLinks } from "./links.ts";
import { pathMap, translate } from "./paths.ts";
import { sweep } from "./sweep.ts";

export interface NoneOptions {
  /** Folder for the private /tmp, home and scratch of each sandbox. Default: the system's temporary folder. */
  readonly folder?: string;
}

/** In the environment of everything a sandbox starts, to find it again. */
const MARKER = "MOSAIC_SANDBOX_ID";

const KILL_DEADLINE_MS = 3_000;

/** From util-linux: makes the kernel kill the command when this process dies. Children of the command it does not reach. */
const SETPRIV = "/usr/bin/setpriv";

/**
 * No sandbox: commands run on the host with this process's rights. Only for SANDBOX_ENABLED=false. Paths of the inside
 * are translated (see `Sandbox.resolve`), memory and /tmp are not limited, read-only mounts are not read-only.
 */
export function createNoneSandbox(options: NoneOptions = {}): Sandbox {
  const instance = randomUUID();
  const folder = path.join(options.folder ?? tmpdir(), `mosaic-none-${instance}`);
  const live = new Map<string, SandboxProcess>();
  const taken = new Set<string>();
  const links = createLinks();
  const mapOf = (spec: SandboxSpec) => pathMap(spec, path.join(folder, spec.id));

  const startReserved = async (spec: SandboxSpec): Promise<SandboxProcess> => {
    const map = mapOf(spec);
    const undo = await links.put(map);
    const marker = `${instance}:${spec.id}`;
    const env = Object.fromEntries(
      Object.entries(spec.env).map(([name, value]) => [name, translate(map, value)]),
    );
    const command = spec.command.map((argument) => translate(map, argument));
    try {
      const child = await spawned(withLimits(spec, command), {
        cwd: map.resolve(spec.cwd),
        env: { ...env, [MARKER]: marker },
      });
      const running = track(spec, child, {
        marker: `${MARKER}=${marker}`,
        undo,
        onEnd: () => live.delete(spec.id),
      });
      live.set(spec.id, running);
      return running;
    } catch (error) {
      await undo();
      throw error;
    }
  };

  return {
    name: "none",
    isolates: false,
    takesImages: false,
    heldLimits: async () => await Promise.resolve({ memory: "none", processes: "none", cpus: "none" }),
    removeOrphans: async () => await Promise.resolve([]),
    probe: async () =>
      await Promise.resolve({
        ok: true,
        detail: "no isolation: commands run on this host with Mosaic's own rights",
      }),
    start: async (spec) => {
      checkSpec(spec);
      if (taken.has(spec.id) || live.has(spec.id))
        throw new SandboxError(`there is a sandbox '${spec.id}' already`);
      taken.add(spec.id);
      return await startReserved(spec).finally(() => taken.delete(spec.id));
    },
    resolve: (spec, insidePath) => mapOf(spec).resolve(insidePath),
    list: () => [...live.values()],
  };
}

function withLimits(spec: SandboxSpec, command: readonly string[]): string[] {
  const limited = [
    "/bin/sh",
    "-c",
    `${limitsScript(spec.limits)} || exit 125; exec "$@"`,
    "mosaic",
    ...command,
  ];
  return existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", "--", ...limited] : limited;
}

async function spawned(
  command: string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<ChildProcess> {
  const [file = "", ...rest] = command;
  const child = spawn(file, rest, { ...options, detached: true, stdio: "pipe" });
  for (const stream of child.stdio) {
    // A write to a command that has ended fails with EPIPE. That it ended is told by `exited`.
    stream?.on("error", () => undefined);
  }
  return await new Promise((resolve, reject) => {
    child.once("spawn", () => {
      resolve(child);
    });
    child.once("error", (cause) => {
      reject(
        new SandboxError(`the command could not be started in ${options.cwd}: ${cause.message}`, { cause }),
      );
    });
  });
}

interface TrackOptions {
  readonly marker: string;
  readonly undo: () => Promise<void>;
  readonly onEnd: () => void;
}

function track(spec: SandboxSpec, child: ChildProcess, options: TrackOptions): SandboxProcess {
  const { stdin, stdout, stderr, pid } = child;
  if (stdin === null || stdout === null || stderr === null || pid === undefined) {
    throw new SandboxError(`sandbox '${spec.id}' has no streams`);
  }
  let state: "running" | "exited" | "gone" = "running";
  let killed = false;
  const ended = new Promise<Omit<SandboxExit, "outOfMemory" | "outOfProcesses">>((resolve) => {
    child.once("exit", (code, signal) => {
      resolve({ code, signal });
    });
  });
  const exited = (async (): Promise<SandboxExit> => {
    const exit = await ended;
    state = "exited";
    await sweep(pid, options.marker, Number.POSITIVE_INFINITY);
    await options.undo();
    state = "gone";
    options.onEnd();
    return {
      ...(killed ? { code: null, signal: "SIGKILL" } : exit),
      outOfMemory: false,
      outOfProcesses: false,
    };
  })();
  const kill = async (): Promise<KillOutcome> => {
    if (state === "gone") return { survivors: [], durationMs: 0 };
    const started = performance.now();
    killed ||= state === "running";
    const survivors = await sweep(pid, options.marker, started + KILL_DEADLINE_MS);
    if (survivors.length === 0) await exited;
    return { survivors, durationMs: performance.now() - started };
  };
  return { id: spec.id, label: spec.label, stdin, stdout: kept(stdout), stderr: kept(stderr), exited, kill };
}
