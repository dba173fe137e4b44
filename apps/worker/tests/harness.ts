import { execFile, spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { FromWorker, type ToWorker } from "@mosaic/contracts";
import { createReplayServer, type ReplayServer } from "@mosaic/replay";

const BUILD = fileURLToPath(new URL("../build.mjs", import.meta.url));

/** Bundles the worker into `folder`, which has no node_modules anywhere above it. */
export async function buildWorker(folder: string): Promise<string> {
  const target = join(folder, "worker.mjs");
  await promisify(execFile)(process.execPath, [BUILD, target]);
  return target;
}

export interface RunningWorker {
  readonly process: ChildProcessWithoutNullStreams;
  readonly workdir: string;
  readonly events: FromWorker[];
  readonly stderr: () => string;
  send(...messages: ToWorker[]): void;
  write(text: string): void;
  /** Waits for the next event of a type that has not been waited for; fails when the worker ends first. */
  next<T extends FromWorker["type"]>(type: T): Promise<Extract<FromWorker, { type: T }>>;
  exit(): Promise<number | null>;
  stop(): Promise<void>;
}

type Start = Extract<ToWorker, { type: "start" }>;

/** Runs a bundled worker as a process, against a scripted model on a unix socket. */
export async function startWorker(
  bundle: string,
  scenario: string,
  config: Partial<Start> = {},
): Promise<RunningWorker> {
  const folder = await mkdtemp(join(tmpdir(), "worker-"));
  const socketPath = join(folder, "s");
  const replay: ReplayServer = await createReplayServer({ scenario, socketPath });
  const workdir = await mkdtemp(join(folder, "tree-"));
  const child = spawn(process.execPath, [bundle], { cwd: workdir, env: { PATH: process.env["PATH"] } });
  const worker = wrap(child, workdir);
  worker.send({
    type: "start",
    model: "claude-sonnet-5-5",
    system: "You are a test.",
    socketPath,
    workdir,
    maxTokens: 1000,
    maxTurns: 10,
    maxToolOutputBytes: 1000,
    streamRetries: 2,
    mcpServers: [],
    ...config,
  });
  return {
    ...worker,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, "close");
        child.kill("SIGKILL");
        await ended;
      }
      await replay.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function wrap(child: ChildProcessWithoutNullStreams, workdir: string): Omit<RunningWorker, "stop"> {
  const events: FromWorker[] = [];
  const unread: FromWorker[] = [];
  let stderr = "";
  let ended = false;
  let wake = (): void => undefined;
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  // A worker that has ended takes no more input; the test will see that it has.
  child.stdin.on("error", () => undefined);
  createInterface({ input: child.stdout })
    .on("line", (line) => {
      const event = FromWorker.parse(JSON.parse(line));
      events.push(event);
      unread.push(event);
      wake();
    })
    .on("close", () => {
      ended = true;
      wake();
    });
  const write = (text: string): void => void child.stdin.write(text);
  return {
    process: child,
    workdir,
    events,
    stderr: () => stderr,
    write,
    send: (...messages) => write(messages.map((message) => `${JSON.stringify(message)}\n`).join("")),
    async next(type) {
      for (;;) {
        const at = unread.findIndex((event) => event.type === type);
        if (at >= 0) return unread.splice(0, at + 1)[at] as never;
        if (ended) throw new Error(`the worker ended before '${type}': ${stderr}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    },
    async exit() {
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
      return child.exitCode;
    },
  };
}
