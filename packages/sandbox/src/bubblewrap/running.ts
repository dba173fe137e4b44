import { setTimeout as pause } from "node:timers/promises";
import type { KillOutcome, SandboxExit, SandboxProcess, SandboxSpec } from "../port.ts";
import {
  identityOf,
  isAlive,
  killProcess,
  pidNamespaceOf,
  statOf,
  type ProcessIdentity,
} from "../process-table.ts";
import type { Enclosure } from "./enclosure.ts";
import { locateInit, type Init } from "./init.ts";
import type { Launch } from "./launch.ts";
import { scanNamespaces } from "../scan-namespaces.ts";

/** A kill answers after this time with what is left, rather than hold up a kill switch. */
const KILL_DEADLINE_MS = 3_000;

/** Between looks at init. The first are short: most are gone by then. */
const PAUSES_MS = [1, 2, 5, 10];
const LONGEST_PAUSE_MS = 20;

/** For so long init alone is killed; then all that is still there is, one by one. */
const ALONE_MS = 500;

export interface Running {
  readonly process: SandboxProcess;
  /** The sandbox's init; null before there is one. */
  init(): Init | null;
  killed(): boolean;
}

export interface RunningOptions {
  /** Given up at the end. */
  readonly enclosure: Enclosure;
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
  const isGone = () => state === "gone";
  const isWithoutInit = () => state === "running" && init() === null;

  const exited = (async (): Promise<SandboxExit> => {
    const exit = await launched.ended.catch(() => ({ code: null, signal: null }));
    state = "exited";
    // bwrap ends with the command; the kernel then kills its init, and with it what the command left running.
    if (found !== null) await options.enclosure.hurry(found);
    await emptied(found, { deadline: null, isGone });
    const ranOut = await options.enclosure.leave();
    state = "gone";
    init()?.release();
    options.onEnd();
    return killed ? { code: null, signal: "SIGKILL", ...ranOut } : { ...exit, ...ranOut };
  })();

  const kill = async (): Promise<KillOutcome> => {
    const started = performance.now();
    killed ||= state === "running";
    const deadline = started + KILL_DEADLINE_MS;
    // Before bwrap has made its init there is nothing to aim at: killed itself, it could leave one behind.
    while (isWithoutInit() && performance.now() < deadline) await pause(1);
    if (found === null) launched.child.kill("SIGKILL");
    else await options.enclosure.hurry(found);
    const survivors = await emptied(found, { deadline, isGone });
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

interface Emptying {
  /** By `performance.now()`; null waits for ever. */
  readonly deadline: number | null;
  readonly isGone: () => boolean;
}

/**
 * Kills what is in a sandbox until nothing is. Init first: the kernel ends a PID namespace with it and does not let it
 * go before every process in it is gone; so as long as it is there nobody needs to look through /proc, which is slow just
 * when there is much to kill. The look at the end is the proof that does not take bwrap's or the kernel's word for it.
 *
 * @returns ids of what is left at the deadline
 */
async function emptied(init: Init | null, { deadline, isGone }: Emptying): Promise<number[]> {
  if (init === null) return [];
  const isLate = () => deadline !== null && performance.now() > deadline;
  for (;;) {
    try {
      killProcess(init.process);
      const patience = Math.min(ALONE_MS, (deadline ?? Infinity) - performance.now());
      await endOf(init.process, patience);
      const left = await processesOf(init);
      // Once somebody else has found it empty, the namespace's number is free for others.
      if (left.length === 0 || isGone()) return [];
      if (isLate()) return left;
      for (const pid of left) {
        const found = identityOf(pid);
        // The id may be another's by now.
        if (found !== null && pidNamespaceOf(pid) === init.pidNamespace) killProcess(found);
      }
    } catch (error) {
      // The machine is short of something: not to know what is left is not to be done.
      if (isLate()) throw error;
      await pause(LONGEST_PAUSE_MS);
    }
  }
}

/** Waits until a process is gone, or for some milliseconds, and never not at all. */
async function endOf(process: ProcessIdentity, patienceMs: number): Promise<void> {
  const began = performance.now();
  for (let round = 0; round === 0 || isAlive(process); round += 1) {
    await pause(PAUSES_MS[round] ?? LONGEST_PAUSE_MS);
    if (performance.now() - began > patienceMs) return;
  }
}

/** What lives in a sandbox, its init among it. */
async function processesOf(init: Init): Promise<number[]> {
  const members = init.pidNamespace === null ? [] : (await scanNamespaces()).get(init.pidNamespace);
  const alive = (members ?? []).filter((pid) => statOf(pid) !== null);
  return isAlive(init.process) ? [...new Set([init.process.pid, ...alive])] : alive;
}
