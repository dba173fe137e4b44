import { join, resolve } from "node:path";
import { CommanderError } from "commander";
import type { CommandContext } from "./commands/context.ts";
import { connect, readAddress } from "./connect/connection.ts";
import { explain } from "./connect/explain.ts";
import { EXIT } from "./exit.ts";
import type { Act } from "./program/act.ts";
import { createProgram, type GlobalFlags } from "./program/create-program.ts";
import { createTerminal, type Streams, type Terminal } from "./terminal/terminal.ts";

export interface Surroundings {
  /** Without node and the script. */
  readonly argv: readonly string[];
  /** What starts this program: node and the script. Default: `mosaic`, from the PATH. */
  readonly self?: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly streams: Streams;
  readonly cwd: string;
  /** The person's home folder. */
  readonly homeDir: string;
  readonly version: string;
  readonly now: () => number;
  readonly randomText: () => string;
  /** Takes over Ctrl-C, and gives the signal it aborts. Called by commands that can be interrupted. */
  readonly onInterrupt: () => AbortSignal;
  readonly up: (terminal: Terminal) => Promise<void>;
}

/** Runs one command line to its end and gives the exit code. Never throws. */
export async function runCommandLine(surroundings: Surroundings): Promise<number> {
  const { argv, streams, version } = surroundings;
  const flags = (): GlobalFlags => program.opts<GlobalFlags>();
  const terminal = (): Terminal =>
    createTerminal({
      streams,
      env: surroundings.env,
      json: flags().json === true,
      quiet: flags().quiet === true,
    });
  const act: Act =
    (command) =>
    (...args) =>
      command(createContext(surroundings, { terminal: terminal(), url: flags().url }), ...args);
  const program = createProgram({
    version,
    stdout: (text) => void streams.stdout.write(text),
    stderr: (text) => void streams.stderr.write(text),
    width: streams.stdout.columns ?? 100,
    act,
    self: surroundings.self ?? ["mosaic"],
    up: () => surroundings.up(terminal()),
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return report(terminal(), error, flags().url ?? surroundings.env["MOSAIC_URL"] ?? "its default address");
  }
}

function createContext(
  surroundings: Surroundings,
  chosen: { readonly terminal: Terminal; readonly url: string | undefined },
): CommandContext {
  const { env, cwd, homeDir, now, randomText } = surroundings;
  const address = readAddress(chosen.url, env["MOSAIC_URL"]);
  const fromEnv = env["MOSAIC_HOME"] ?? "";
  const home = fromEnv === "" ? join(homeDir, ".mosaic") : resolve(cwd, fromEnv);
  const signal = surroundings.onInterrupt();
  return {
    terminal: chosen.terminal,
    address,
    home,
    env,
    cwd,
    now,
    randomText,
    signal,
    connect: () => connect({ address, token: env["MOSAIC_TOKEN"], home, signal }),
  };
}

function report(terminal: Terminal, error: unknown, url: string): number {
  const { exitCode, message, hints, problem } = explain(error, url);
  if (terminal.json) {
    terminal.failJson({ error: message, hints, exitCode, ...(problem === undefined ? {} : { problem }) });
  } else {
    terminal.fail(message, hints);
  }
  return exitCode;
}
