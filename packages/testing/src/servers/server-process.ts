import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";

/** A server of a test: started by it, killed or frozen by it at will, stopped with it. */
export interface ServerProcess {
  readonly pid: number;
  /** SIGKILL, and waits for its end. */
  kill(): Promise<void>;
  /** SIGTERM, and waits for its end. */
  stop(): Promise<void>;
  /** It lives, and answers nothing (SIGSTOP). */
  freeze(): void;
  thaw(): void;
}

interface Start {
  readonly command: string;
  readonly args: readonly string[];
  /** Who it runs as, when the test is root and the server refuses that. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly env?: Readonly<Record<string, string>>;
  /** Where it runs, for those that leave files there. */
  readonly cwd?: string;
  /** Resolves once the server answers; throws while it does not. */
  readonly probe: () => Promise<void>;
}

/** Longest wait for a server to answer, in milliseconds: initial recovery of a killed PostgreSQL included. */
const START_MS = 30_000;
const PROBE_EVERY_MS = 20;

/** From util-linux. */
const SETPRIV = "/usr/bin/setpriv";

/** Starts a server and waits until it answers. @throws with what it printed, when it ends before */
export async function startServerProcess(options: Start): Promise<ServerProcess> {
  const { command, args, user, env, cwd, probe } = options;
  const [file, ...rest] = dyingWithUs([command, ...args]);
  const child = spawn(file, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C", ...env },
    cwd,
    ...user,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (printed = `${printed}${chunk.toString()}`.slice(-4000)));
  const ended = once(child, "exit");
  await Promise.race([
    answering(probe, child),
    ended.then(() => {
      throw new Error(`${command} ended before it answered:\n${printed}`);
    }),
    once(child, "error").then(([error]) => {
      throw new Error(`${command} could not be started: ${String(error)}`);
    }),
  ]);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    // A stopped process does not hear SIGTERM.
    child.kill("SIGCONT");
    child.kill(signal);
    await ended;
  };
  return {
    pid: child.pid ?? 0,
    kill: () => end("SIGKILL"),
    stop: () => end("SIGTERM"),
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
  };
}

/** The kernel ends it with the process that started it: a test run that is killed leaves no server behind. */
function dyingWithUs(command: readonly [string, ...string[]]): readonly [string, ...string[]] {
  return existsSync(SETPRIV) ? [SETPRIV, "--pdeathsig", "KILL", "--", ...command] : command;
}

async function answering(probe: () => Promise<void>, child: ChildProcess): Promise<void> {
  const until = Date.now() + START_MS;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      if (child.exitCode !== null || child.signalCode !== null) return await new Promise(() => undefined);
      if (Date.now() > until) throw new Error(`no answer after ${START_MS} ms`, { cause: error });
      await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
    }
  }
}

/** A port of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
