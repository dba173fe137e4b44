import { PassThrough, type Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import {
  SandboxError,
  type KillOutcome,
  type SandboxExit,
  type SandboxProcess,
  type SandboxSpec,
} from "../port.ts";
import type { Watcher } from "../watch/watcher.ts";
import { initOf, processesOf } from "./container-processes.ts";
import { demultiplex, type Output } from "./demultiplex.ts";
import { destroy } from "./destroy.ts";
import { EngineError } from "./engine-error.ts";
import type { Created, Engine } from "./engine.ts";
import type { Progress } from "./progress.ts";
import { memoryKills, refusalsFile } from "./count-files.ts";
import { removeLater } from "./remove-later.ts";
import type { ContainerSettings } from "./settings.ts";

/** A kill answers after this time with what is left, rather than hold up a kill switch. */
const KILL_DEADLINE_MS = 3_000;

/** Longest wait for the rest of the output of what has ended, in milliseconds. It comes at once, or not at all. */
const REST_OF_OUTPUT_MS = 5_000;

/** A container on its way from "not even made" to "gone", with the streams it has all the time. */
export interface ContainerRun {
  readonly process: SandboxProcess;
  /** @throws SandboxError when it was killed meanwhile */
  checkpoint(): void;
  create(engine: Engine, settings: ContainerSettings): Promise<Created>;
  /** @returns what is read of it from now on */
  attached(stream: Duplex): Output;
  /** When it runs; from then on its end is waited for. */
  start(engine: Engine, id: string): Promise<void>;
  /** It did not come to run. Resolves when nothing of it is left, or when that takes too long. */
  failed(): Promise<void>;
}

export interface RunOptions {
  readonly name: string;
  readonly watcher: Watcher;
  /** Nothing of it is left. */
  readonly onEnd: () => void;
}

type Ending = { readonly code: number } | "killed" | "lost";

export function containerRun(spec: SandboxSpec, { name, watcher, onEnd }: RunOptions): ContainerRun {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const progress: { -readonly [K in keyof Progress]: Progress[K] } = {
    name,
    engine: null,
    id: null,
    creating: false,
    starting: false,
    isSetUpFirst: false,
    init: null,
  };
  const ending = Promise.withResolvers<Ending>();
  let state: "running" | "ending" | "gone" = "running";
  let killed = false;
  let outOfMemory = false;
  let outOfProcesses = false;
  let hasKills = (): boolean => false;
  let unwatch: () => void = () => undefined;
  const connection: { stream?: Duplex; output?: Output } = {};
  /** The start that is under way: what it made is known when it is over. */
  const launched = Promise.withResolvers<void>();

  const end = (how: Ending): void => {
    if (state === "running") state = "ending";
    ending.resolve(how);
  };
  const endWhenCut = async (output: Output): Promise<void> => {
    const isWhole = await output.complete;
    // Its control group is there for some time yet.
    outOfMemory ||= hasKills();
    if (!isWhole) end("lost");
  };
  const exited = (async (): Promise<SandboxExit> => {
    let how = await ending.promise;
    connection.output?.flush();
    if (typeof how === "object") {
      const [complete, found] = await Promise.all([
        within(connection.output?.complete, REST_OF_OUTPUT_MS),
        progress.engine?.inspect(progress.id ?? "").catch(() => null),
      ]);
      // Output that is cut must not pass for all there was.
      if (complete !== true) how = "lost";
      outOfMemory ||= found?.State.OOMKilled ?? false;
    }
    unwatch();
    const { removed } = await destroy(progress, launched.promise);
    if (progress.engine !== null && (!removed || progress.creating))
      void removeLater(progress.engine, { name, mayCome: progress.creating });
    state = "gone";
    progress.init?.release();
    connection.stream?.destroy();
    streams.stdout.end();
    streams.stderr.end();
    onEnd();
    return typeof how === "object"
      ? { code: how.code, signal: null, outOfMemory, outOfProcesses }
      : { code: null, signal: "SIGKILL", outOfMemory, outOfProcesses };
  })();

  const seen = (pid: number, id: string): void => {
    if (state === "gone") return;
    progress.init?.release();
    progress.init = initOf(pid);
    hasKills = memoryKills(pid, id);
  };
  const giveUp = (): void => {
    killed ||= state === "running";
    end("killed");
  };
  const kill = async (): Promise<KillOutcome> => {
    if (state === "gone") return { survivors: [], durationMs: 0 };
    const started = performance.now();
    giveUp();
    const gone = await within(exited, KILL_DEADLINE_MS);
    const durationMs = performance.now() - started;
    if (gone !== null) return { survivors: [], durationMs };
    const survivors = await processesOf(progress);
    // What was never told to start does not.
    if (survivors.length > 0 || !progress.starting) return { survivors, durationMs };
    throw new SandboxError(
      `sandbox '${spec.id}': the engine does not answer, so whether its container ${name} comes to run is not known; restart the engine, and remove it (docker rm -f ${name})`,
    );
  };

  return {
    process: { id: spec.id, label: spec.label, ...streams, exited, kill },
    checkpoint() {
      if (killed) throw new SandboxError(`sandbox '${spec.id}' was killed while it started`);
    },
    async create(engine, settings) {
      progress.engine = engine;
      progress.creating = true;
      const made = await engine.create(name, settings).catch((error: unknown) => {
        if (error instanceof EngineError && error.status !== null) progress.creating = false;
        throw error;
      });
      progress.creating = false;
      progress.id = made.id;
      progress.isSetUpFirst = made.pid !== null;
      if (made.pid !== null) seen(made.pid, made.id);
      return made;
    },
    attached(stream) {
      const output = demultiplex(stream, streams);
      Object.assign(connection, { stream, output });
      connectInput(streams.stdin, stream);
      void endWhenCut(output);
      return output;
    },
    async start(engine, id) {
      progress.starting = true;
      await engine.start(id).catch((error: unknown) => {
        // An answer is an answer: it does not come to run. Without one it still may.
        if (error instanceof EngineError && error.status !== null) progress.starting = false;
        throw error;
      });
      progress.starting = false;
      launched.resolve();
      const ended = (code: number) => {
        end({ code });
      };
      engine.wait(id).then(ended, () => {
        end("lost");
      });
      // Not known is no harm: then its processes are looked for by their control group, which takes longer.
      const first = (await engine.inspect(id).catch(() => null))?.State.Pid ?? 0;
      const before = progress.init;
      if (before === null || (first > 0 && first !== before.process.pid)) seen(first, id);
      // Set up once more, since its first process had ended: nobody has looked at that one.
      if (before !== null && before !== progress.init) end("lost");
      const pid = progress.init?.process.pid;
      if (state !== "running" || pid === undefined) return;
      const onExcess = () => {
        if (state !== "running") return;
        outOfProcesses = true;
        giveUp();
      };
      unwatch = watcher.watch({ init: pid, refusals: refusalsFile(pid, id), onExcess });
    },
    async failed() {
      launched.resolve();
      end("lost");
      await within(exited, KILL_DEADLINE_MS);
    },
  };
}

/** Passes stdin on for as long as there is somebody to take it; later writes go nowhere, and hurt nobody. */
function connectInput(stdin: PassThrough, stream: Duplex): void {
  stdin.pipe(stream);
  // What broke is told by the output, and by whoever waits for the end.
  stream.on("error", () => undefined);
  stream.once("close", () => {
    stdin.unpipe(stream);
    stdin.resume();
  });
}

/** What a promise gives, or null after a time. */
async function within<T>(promise: Promise<T> | undefined, ms: number): Promise<T | null> {
  const controller = new AbortController();
  const late = pause(ms, null, { signal: controller.signal }).catch(() => null);
  return await Promise.race([promise ?? null, late]).finally(() => {
    controller.abort();
  });
}
