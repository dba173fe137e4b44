import type { EventData } from "@mosaic/contracts";
import type { SessionEvent } from "../runtimes/port.ts";
import type { StopCause } from "../spawner/registry.ts";
import type { MeasureDisk, MeasureUse } from "./disk.ts";
import { createLoopDetector } from "./loop.ts";

type Limit = EventData<"agent.stalled">["limit"];

export interface AgentLimits {
  /** Longest time in a turn without a sign of life, in milliseconds. */
  readonly silenceMs: number;
  /** Times the same call with the same result may be made in a row. */
  readonly loop: number;
  readonly diskBytes: number;
}

export interface MonitorOptions {
  readonly limits: AgentLimits;
  /** Folders of the agent's workspace; none before it has one. */
  readonly folders: () => readonly string[];
  readonly measure: MeasureDisk;
  readonly measureUse: MeasureUse;
  /** Half of a limit is reached. */
  readonly warn: (limit: Limit, detail: string) => void;
  /** A limit is reached: the agent has to be stopped. Called once. */
  readonly act: (limit: Limit, cause: StopCause, detail: string) => void;
  /** Milliseconds; only differences count. */
  readonly now: () => number;
  /** Calls back once after so many milliseconds; answers with the way to forget it. */
  readonly after: (ms: number, callback: () => void) => () => void;
}

/** Watches one attempt for what only time or repetition shows (DESIGN §5: derived from facts, acted on at once). */
export interface AgentMonitor {
  /** Watches a turn: silence counts only in one, since an agent that waits for its gates has nothing to say. */
  turn<T>(take: (saw: (event: SessionEvent) => void) => Promise<T>): Promise<T>;
  /** A sign of life beside the agent's own output: its model speaks. */
  alive(): void;
  stop(): void;
}

/** Time between two looks at the disk, in milliseconds; at least twenty times what the last one took. */
const DISK_MS = 2_000;
const DISK_SHARE = 20;
/** An agent's files are counted this often although the disk has not filled: somebody may free what it fills. */
const COUNT_MS = 10_000;

export function createAgentMonitor(options: MonitorOptions): AgentMonitor {
  const { limits, now } = options;
  const stopped = new AbortController();
  const warned = new Set<Limit>();
  let acted = false;
  const warn = (limit: Limit, detail: string): void => {
    if (warned.has(limit) || acted) return;
    warned.add(limit);
    options.warn(limit, detail);
  };
  const act = (limit: Limit, cause: StopCause, detail: string): void => {
    if (acted || stopped.signal.aborted) return;
    acted = true;
    options.act(limit, cause, detail);
  };
  const silence = watchSilence(options, { warn, act });
  const loop = createLoopDetector(limits.loop);
  const forgetDisk = watchDisk(options, { warn, act, signal: stopped.signal });

  const saw = (event: SessionEvent): void => {
    silence.alive(now());
    const times = loop.saw(event);
    const detail = `the same tool calls gave the same results ${times} times in a row`;
    if (times >= limits.loop) act("loop", "stuck", detail);
    else if (times >= limits.loop / 2 && times > 1) warn("loop", detail);
  };
  return {
    async turn(take) {
      silence.begin(now());
      try {
        return await take(saw);
      } finally {
        silence.end();
      }
    },
    alive: () => silence.alive(now()),
    stop() {
      stopped.abort();
      silence.end();
      forgetDisk();
    },
  };
}

interface Reactions {
  readonly warn: (limit: Limit, detail: string) => void;
  readonly act: (limit: Limit, cause: StopCause, detail: string) => void;
}

function watchSilence({ limits, now, after }: MonitorOptions, { warn, act }: Reactions) {
  let last = 0;
  let forget: (() => void) | null = null;
  const look = (): void => {
    const silent = now() - last;
    const detail = `nothing was heard of the agent or its model for ${Math.round(silent / 1000)} s`;
    if (silent >= limits.silenceMs) return act("silence", "stuck", detail);
    const half = limits.silenceMs / 2;
    if (silent >= half) warn("silence", detail);
    forget = after(silent >= half ? limits.silenceMs - silent : half - silent, look);
  };
  const end = (): void => {
    forget?.();
    forget = null;
  };
  return {
    begin(at: number): void {
      end();
      last = at;
      look();
    },
    alive(at: number): void {
      last = at;
    },
    end,
  };
}

function watchDisk(
  options: MonitorOptions,
  { warn, act, signal }: Reactions & { readonly signal: AbortSignal },
): () => void {
  const { limits, folders, measure, now, after } = options;
  let forget = (): void => undefined;
  const mayBeOver = watchGrowth(options);
  const look = async (): Promise<void> => {
    const began = now();
    const here = folders();
    if (here.length > 0 && (await mayBeOver.now(here))) {
      const found = await measure(here, signal);
      mayBeOver.counted("bytes" in found ? found.bytes : 0);
      judge(found);
    }
    if (!signal.aborted) next(Math.max(DISK_MS, (now() - began) * DISK_SHARE));
  };
  const judge = (found: Awaited<ReturnType<MeasureDisk>>): void => {
    if (signal.aborted) return;
    // What cannot be counted cannot be allowed to go on growing.
    if ("unknown" in found) return act("disk", "disk_limit", `its disk use is not known: ${found.unknown}`);
    const { bytes } = found;
    const detail = `its workspace takes ${mebibytes(bytes)} MB of disk; the limit is ${mebibytes(limits.diskBytes)} MB`;
    if (bytes > limits.diskBytes) act("disk", "disk_limit", detail);
    else if (bytes > limits.diskBytes / 2) warn("disk", detail);
  };
  const next = (ms: number): void => {
    forget = after(ms, () => void look());
  };
  next(DISK_MS);
  return () => forget();
}

/**
 * Whether an agent's files have to be counted. The kernel says for nothing how full the disk is: an agent whose last count
 * and all that was written by anybody since do not make a limit together is below it.
 */
function watchGrowth({ limits, measureUse, now }: MonitorOptions) {
  let last: { readonly bytes: number; readonly at: number } | null = null;
  let use: number | null = null;
  /** What was written since the count. Only growth counts: what somebody frees must not hide what an agent fills. */
  let written = 0;
  return {
    async now(folders: readonly string[]): Promise<boolean> {
      const before = use;
      use = await measureUse(folders);
      if (last === null || use === null || before === null || now() - last.at >= COUNT_MS) return true;
      written += Math.max(0, use - before);
      const half = limits.diskBytes / 2;
      return last.bytes + written > (last.bytes > half ? limits.diskBytes : half);
    },
    counted(bytes: number): void {
      last = { bytes, at: now() };
      written = 0;
    },
  };
}

const mebibytes = (bytes: number): number => Math.ceil(bytes / 1024 / 1024);
