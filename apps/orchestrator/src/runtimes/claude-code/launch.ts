import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import type { SandboxProcess } from "@mosaic/sandbox";
import type { SpawnedProcess, SpawnOptions } from "./agent-sdk.ts";

/** The process as the SDK sees it. It exists at once; the sandbox in which it runs is started meanwhile. */
export interface Launch {
  /** For the SDK's `spawnClaudeCodeProcess`. */
  readonly spawn: (options: SpawnOptions) => SpawnedProcess;
  /** What the SDK wants to run. */
  readonly asked: Promise<SpawnOptions>;
  /** Connects the SDK with the process, except for its output. */
  attach(sandboxed: SandboxProcess): void;
  /** Hands the SDK a line of the process's output. */
  say(line: string): void;
  /** Tells the SDK that the process is over, or never was. */
  end(code: number | null, signal: NodeJS.Signals | null): void;
}

export function createLaunch(): Launch {
  const asked = Promise.withResolvers<SpawnOptions>();
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const events = new EventEmitter();
  let running: SandboxProcess | null = null;
  let wanted = true;
  let exitCode: number | null = null;
  let over = false;

  function kill(): boolean {
    wanted = false;
    // What is left of it is asked for again, by whoever cleans up.
    void running?.kill().catch(() => undefined);
    return true;
  }

  const facade: SpawnedProcess = {
    on: events.on.bind(events),
    once: events.once.bind(events),
    off: events.off.bind(events),
    stdin,
    stdout,
    kill,
    get killed() {
      return !wanted;
    },
    get exitCode() {
      return exitCode;
    },
  };

  return {
    asked: asked.promise,
    spawn(options) {
      options.signal.addEventListener("abort", kill, { once: true });
      asked.resolve(options);
      return facade;
    },
    attach(sandboxed) {
      running = sandboxed;
      stdin.pipe(sandboxed.stdin);
      if (!wanted) kill();
    },
    say: (line) => void stdout.write(`${line}\n`),
    end(code, signal) {
      if (over) return;
      over = true;
      exitCode = code;
      // After its last words: the SDK reads no further when it knows that the process is gone.
      stdout.once("close", () => events.emit("exit", code, signal));
      stdout.end();
    },
  };
}
