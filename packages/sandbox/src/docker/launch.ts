import type { Semaphore } from "async-mutex";
import { text } from "node:stream/consumers";
import { SandboxError, type SandboxSpec } from "../port.ts";
import type { ContainerRun } from "./container.ts";
import { EngineError } from "./engine-error.ts";
import type { Engine } from "./engine.ts";
import type { ContainerSettings } from "./settings.ts";

export interface LaunchOptions {
  readonly run: ContainerRun;
  readonly engine: () => Promise<Engine>;
  readonly prepare: () => Promise<ContainerSettings>;
  /** The engine no longer has the image that `prepare` found. */
  readonly imageGone: () => void;
  /** More at once than there are processors take as long together, and each of them longer: past an engine's patience. */
  readonly turns: Semaphore;
}

/**
 * Makes a container, looks whether it is what was asked for, and starts it. Resolves when its command runs.
 *
 * @throws SandboxError when it cannot be, or was killed meanwhile; nothing of it is left then
 */
export async function launch(spec: SandboxSpec, options: LaunchOptions): Promise<void> {
  const { run } = options;
  try {
    const output = await options.turns.runExclusive(async () => await start(options));
    if (!(await output.ready)) throw await whyNotReady(spec, run);
  } catch (error) {
    await run.failed();
    if (error instanceof SandboxError) throw error;
    if (!(error instanceof EngineError)) throw error;
    run.checkpoint();
    throw new SandboxError(`sandbox '${spec.id}' could not be started: ${error.message}`, { cause: error });
  }
}

async function start(options: LaunchOptions) {
  const { run } = options;
  const engine = await options.engine();
  const { settings, created } = await create(engine, options);
  const { id, warnings } = created;
  run.checkpoint();
  const [stream, found] = await Promise.all([engine.attach(id), engine.differences(id, settings)]);
  const output = run.attached(stream);
  if (found === null) throw new SandboxError(`the engine lost container ${id} before its start`);
  const different = [...found, ...warnings];
  if (different.length > 0)
    throw new SandboxError(
      `the engine cannot keep this sandbox as it must be, so it was not started: ${different.join("; ")}`,
    );
  run.checkpoint();
  await run.start(engine, id);
  return output;
}

async function create(engine: Engine, options: LaunchOptions) {
  for (let attempt = 1; ; attempt += 1) {
    const settings = await options.prepare();
    options.run.checkpoint();
    try {
      return { settings, created: await options.run.create(engine, settings) };
    } catch (error) {
      const isImageGone = error instanceof EngineError && error.status === 404;
      if (!isImageGone || attempt > 1) throw error;
      options.imageGone();
    }
  }
}

async function whyNotReady(spec: SandboxSpec, run: ContainerRun): Promise<SandboxError> {
  await run.process.exited;
  run.checkpoint();
  const said = (await text(run.process.stderr)).trim();
  return new SandboxError(
    `sandbox '${spec.id}' could not be set up: ${said === "" ? "the container gave no reason" : said}`,
  );
}
