import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { temporaryFolder } from "../temporary-folder.ts";
import { findProgram } from "./find-program.ts";
import { freePort, startServerProcess, type ServerProcess } from "./server-process.ts";

const execute = promisify(execFile);

/** A real Valkey (or Redis, where that is what the system has) of its own, on a free port of the loopback. */
export interface ValkeyInTest {
  readonly url: string;
  readonly port: number;
  readonly process: ServerProcess;
  /** Starts it again on the same port and folder, after it was killed or stopped. */
  restart(): Promise<void>;
  /** Runs a command of its command line, such as `["flushall"]`; answers with what it printed. */
  run(...command: readonly string[]): Promise<string>;
  /** Ends it and removes its data. */
  close(): Promise<void>;
}

export interface ValkeyOptions {
  /** More of its configuration: `["--maxmemory", "2mb"]`. */
  readonly args?: readonly string[];
  /** Keeps every write on the disk before it answers (the default), or nothing at all. */
  readonly durable?: boolean;
}

export async function startValkey({ args = [], durable = true }: ValkeyOptions = {}): Promise<ValkeyInTest> {
  const server = findProgram(
    ["valkey-server", "redis-server"],
    "Debian/Ubuntu: apt-get install redis-server",
  );
  const client = findProgram(["valkey-cli", "redis-cli"], "Debian/Ubuntu: apt-get install redis-tools");
  const folder = temporaryFolder();
  const port = await freePort();
  const secret = argument(args, "--requirepass");
  const access = ["-p", String(port), ...(secret === undefined ? [] : ["--no-auth-warning", "-a", secret])];
  const run = async (...command: readonly string[]): Promise<string> => {
    const { stdout } = await execute(client, [...access, ...command]);
    return stdout.trim();
  };
  const start = (): Promise<ServerProcess> =>
    startServerProcess({
      command: server,
      args: [
        `--port ${port} --bind 127.0.0.1 --dir ${folder.path} --appendfsync always`.split(" "),
        ["--save", "", "--appendonly", durable ? "yes" : "no", "--maxmemory-policy", "noeviction"],
        args,
      ].flat(),
      probe: async () => {
        if ((await run("ping")) !== "PONG") throw new Error("not ready yet");
      },
    });
  let process = await start();
  return {
    url: `redis://${secret === undefined ? "" : `:${secret}@`}127.0.0.1:${port}`,
    port,
    get process() {
      return process;
    },
    async restart() {
      process = await start();
    },
    run,
    async close() {
      await process.kill();
      folder.remove();
    },
  };
}

function argument(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at === -1 ? undefined : args[at + 1];
}
