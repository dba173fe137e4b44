import { setTimeout as pause } from "node:timers/promises";
import type { ControlGroup } from "../cgroup/groups.ts";
import type { KillOutcome, SandboxExit, SandboxProcess, SandboxSpec } from "../port.ts";
import { identityOf, isAlive, killProcess, processesInPidNamespace } from "../process-table.ts";
import { locateInit, type Init } from "./init.ts";
import type { Launch } from "./launch.ts";

/** A kill answers after this time with what is left, rather than hold up a kill switch. */
const KILL_DEADLINE_MS = 3_000;

/** What is tried again while processes are left. The first pauses are short: most are gone by then. */
const PAUSES_MS = [1, 2, 5, 10, 20, 50];

export interface Running {
  readonly process: SandboxProcess;
  /** The sandbox's init; null before there is one. */
  init(): Init | null;
  killed(): boolean;
}

export interface RunningOptions {
  /** Removed at the end. */
  readonly group: ControlGroup | null;
  readonly onEnd: () => void;
}

/** The handle of a launched sandbox, valid from before it is ready: what is starting can be killed. */
export function runningSandbox(spec: SandboxSpec, launched: Launch, options: RunningOptions): Running {
  let killing: Promise<KillOutcome> | null = null;
  let state: "running" | "exited" | "gone" = "running";
  let killed = false;
  let found: Init | null = null;
  const { pid } = launched.child;
  const init = () => (found ??= state === "running" && pid !== undefined ? locateInit(pid) : null);
  const isWithoutInit = () => state === "running" && init() === null;

  const exited = (async (): Promise<SandboxExit> => {
    const exit = await launched.ended.catch(() => ({ code: null, signal: null }));
    state = "exited";
    // bwrap ends with the command; the kernel then kills its init, and with it what the command left running.
    await emptied(found, null);
    const outOfMemory = options.group !== null && (await leave(options.group));
    state = "gone";
    options.onEnd();
    return killed ? { code: null, signal: "SIGKILL", outOfMemory } : { ...exit, outOfMemory };
  })();

  const kill = async (): Promise<KillOutcome> => {
    const started = performance.now();
    killed ||= state === "running";
    const deadline = started + KILL_DEADLINE_MS;
    // Before bwrap has made its init there is nothing to aim at: killed itself, it could leave one behind.
    while (isWithoutInit() && performance.now() < deadline) await pause(1);
    if (found === null) launched.child.kill("SIGKILL");
    const survivors = await emptied(found, deadline);
    if (survivors.length === 0) await exited;
    return { survivors, durationMs: performance.now() - started };
  };

  return {
    process: {
      id: spec.id,
      label: spec.label,
      stdin: launched.stdin,
      stdout: launched.stdout,
      stderr: launched.stderr,
      exited,
      kill: async () => {
        if (state === "gone") return { survivors: [], durationMs: 0 };
        killing ??= kill().finally(() => {
          killing = null; // the next call tries again, should something be left
        });
        return await killing;
      },
    },
    init,
    killed: () => killed,
  };
}

/** Gives up a control group, and says whether its memory ran out. */
async function leave(group: ControlGroup): Promise<boolean> {
  const outOfMemory = await group.outOfMemory().catch(() => false);
  // An empty folder that cannot be removed limits nothing; the next start of Mosaic removes it.
  await group.remove().catch(() => undefined);
  return outOfMemory;
}

/**
 * Kills what is in a sandbox until nothing is. Init first: the kernel ends a PID namespace with it and does not let it
 * go before every process in it is gone. The scan is the proof that does not take bwrap's or the kernel's word for it.
 *
 * @returns ids of what is left at the deadline (by `performance.now()`; null waits for ever)
 */
async function emptied(init: Init | null, deadline: number | null): Promise<number[]> {
  if (init === null) return [];
  for (let round = 0; ; round += 1) {
    killProcess(init.process);
    const left = processesOf(init);
    for (const pid of left) {
      const found = identityOf(pid);
      if (found !== null) killProcess(found);
    }
    if (left.length === 0) return [];
    if (deadline !== null && performance.now() > deadline) return left;
    await pause(PAUSES_MS[round] ?? 100);
  }
}

/** What lives in a sandbox, its init among it. */
function processesOf(init: Init): number[] {
  const found = init.pidNamespace === null ? [] : processesInPidNamespace(init.pidNamespace);
  return isAlive(init.process) ? [...new Set([init.process.pid, ...found])] : found;
}
