import { PassThrough, type Duplex } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import {
  SandboxError,
  type KillOutcome,
  type SandboxExit,
  type SandboxProcess,
  type SandboxSpec,
} from "../port.ts";
import { initOf, processesOf } from "./container-processes.ts";
import { demultiplex, type Output } from "./demultiplex.ts";
import { destroy } from "./destroy.ts";
import type { ContainerRequest } from "./engine-answers.ts";
import { EngineError } from "./engine-error.ts";
import type { Created, Engine } from "./engine.ts";
import type { Progress } from "./progress.ts";
import { removeLater } from "./remove-later.ts";

/** A kill answers after this time with what is left, rather than hold up a kill switch. */
const KILL_DEADLINE_MS = 3_000;

/** Longest wait for the rest of the output of what has ended, in milliseconds. It comes at once, or not at all. */
const REST_OF_OUTPUT_MS = 5_000;

/** A container on its way from "not even made" to "gone", with the streams it has all the time. */
export interface ContainerRun {
  readonly process: SandboxProcess;
  /** @throws SandboxError when it was killed meanwhile */
  checkpoint(): void;
  create(engine: Engine, request: ContainerRequest): Promise<Created>;
  /** @returns what is read of it from now on */
  attached(stream: Duplex): Output;
  /** When it runs; from then on its end is waited for. */
  start(engine: Engine, id: string): Promise<void>;
  /** It did not come to run. Resolves when nothing of it is left, or when that takes too long. */
  failed(): Promise<void>;
}

export interface RunOptions {
  readonly name: string;
  /** Nothing of it is left. */
  readonly onEnd: () => void;
}

type Ending = { readonly code: number } | "killed" | "lost";

export function containerRun(spec: SandboxSpec, { name, onEnd }: RunOptions): ContainerRun {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  const progress: { -readonly [K in keyof Progress]: Progress[K] } = {
    name,
    engine: null,
    id: null,
    creating: false,
    starting: false,
    init: null,
  };
  const ending = Promise.withResolvers<Ending>();
  let state: "running" | "ending" | "gone" = "running";
  let killed = false;
  const connection: { stream?: Duplex; output?: Output } = {};
  /** The start that is under way: what it made is known when it is over. */
  const launched = Promise.withResolvers<void>();

  const end = (how: Ending): void => {
    if (state === "running") state = "ending";
    ending.resolve(how);
  };
  const endWhenCut = async (output: Output): Promise<void> => {
    if (!(await output.complete)) end("lost");
  };
  const exited = (async (): Promise<SandboxExit> => {
    let how = await ending.promise;
    connection.output?.flush();
    let outOfMemory = false;
    if (typeof how === "object") {
      const [complete, found] = await Promise.all([
        within(connection.output?.complete, REST_OF_OUTPUT_MS),
        progress.engine?.inspect(progress.id ?? "").catch(() => null),
      ]);
      // Output that is cut must not pass for all there was.
      if (complete !== true) how = "lost";
      outOfMemory = found?.State.OOMKilled ?? false;
    }
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
      ? { code: how.code, signal: null, outOfMemory }
      : { code: null, signal: "SIGKILL", outOfMemory };
  })();

  const kill = async (): Promise<KillOutcome> => {
    if (state === "gone") return { survivors: [], durationMs: 0 };
    const started = performance.now();
    killed ||= state === "running";
    end("killed");
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
    async create(engine, request) {
      progress.engine = engine;
      progress.creating = true;
      const made = await engine.create(name, request).catch((error: unknown) => {
        if (error instanceof EngineError && error.status !== null) progress.creating = false;
        throw error;
      });
      progress.creating = false;
      progress.id = made.id;
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
      const found = await engine.inspect(id).catch(() => null);
      if (state !== "gone") progress.init = initOf(found?.State.Pid ?? 0);
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
