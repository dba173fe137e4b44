import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const BIN = fileURLToPath(new URL("../bin/mosaic.mjs", import.meta.url));
/** Kept between runs, like a person's own. */
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache", import.meta.url));

/** Of util-linux, which every Linux has. */
const PSEUDO_TERMINAL = "script";

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<Finished>;
  /** Resolves as soon as stdout and stderr together contain `text`; rejects when the process ends without it. */
  readonly printed: (text: string) => Promise<void>;
}

export interface CommandLine {
  /** The data folder the commands get: empty. */
  readonly home: string;
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  /** Runs to the end, with nothing (or `input`) on standard input. */
  run(args: readonly string[], env?: Readonly<Record<string, string>>, input?: string): Promise<Finished>;
  /** The same on a pseudo-terminal of 100 columns: stdout and stderr come as one. */
  startOnTerminal(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
  dispose(): void;
}

/** The real `mosaic` as a child process, with nothing of this process's environment but the PATH. */
export function createCommandLine(base: Readonly<Record<string, string>> = {}): CommandLine {
  const home = mkdtempSync(join(tmpdir(), "mosaic-cli-"));
  const running = new Set<ChildProcessWithoutNullStreams>();
  const environment = (env: Readonly<Record<string, string>>): Record<string, string> => ({
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    MOSAIC_HOME: home,
    XDG_CACHE_HOME: CACHE,
    TZ: "UTC",
    ...base,
    ...env,
  });
  const watch = (child: ChildProcessWithoutNullStreams): Running => {
    running.add(child);
    void child.once("close", () => running.delete(child));
    return observe(child);
  };
  const start: CommandLine["start"] = (args, env = {}) =>
    watch(spawn(process.execPath, [BIN, ...args], { env: environment(env), cwd: home }));
  return {
    home,
    start,
    async run(args, env, input) {
      const { child, exited } = start(args, env);
      child.stdin.end(input ?? "");
      return await exited;
    },
    startOnTerminal(args, env = {}) {
      const words = [process.execPath, BIN, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
      const command = `stty cols 100 -echo; exec ${words.join(" ")}`;
      return watch(
        spawn(PSEUDO_TERMINAL, ["-qefc", command, "/dev/null"], {
          env: { SHELL: "/bin/sh", ...environment(env) },
          cwd: home,
        }),
      );
    },
    dispose() {
      for (const child of running) child.kill("SIGKILL");
      rmSync(home, { recursive: true, force: true });
    },
  };
}

function observe(child: ChildProcessWithoutNullStreams): Running {
  const text = { stdout: "", stderr: "" };
  const waiting = new Set<() => void>();
  const add = (stream: "stdout" | "stderr") => (chunk: string) => {
    text[stream] += chunk;
    for (const check of waiting) check();
  };
  child.stdout.setEncoding("utf8").on("data", add("stdout"));
  child.stderr.setEncoding("utf8").on("data", add("stderr"));
  // A command that ends without reading its input closes the pipe, which is no fault.
  child.stdin.on("error", () => {});
  const { promise: exited, resolve, reject } = Promise.withResolvers<Finished>();
  child.once("error", reject);
  child.once("close", (code, signal) => resolve({ code, signal, ...text }));
  return {
    child,
    exited,
    printed(wanted) {
      const found = Promise.withResolvers<void>();
      const check = (): void => {
        if (text.stdout.includes(wanted) || text.stderr.includes(wanted)) found.resolve();
      };
      waiting.add(check);
      check();
      const ended = exited.then((end) => {
        throw new Error(
          `it ended (${String(end.code)}) without printing '${wanted}':\n${end.stdout}\n${end.stderr}`,
        );
      });
      return Promise.race([found.promise, ended]).finally(() => waiting.delete(check));
    },
  };
}
