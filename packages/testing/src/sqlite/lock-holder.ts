import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./hold-lock-process.ts", import.meta.url));

/** A process that has tried to take a folder's lock. */
export interface LockHolder {
  readonly pid: number;
  /** `locked`, or `refused <pid of the holder>`. */
  readonly says: string;
  /** Asks it to release the lock and end. */
  readonly release: () => Promise<void>;
  /** SIGKILL. Safe to call twice. */
  readonly kill: () => Promise<void>;
}

/** Starts a process that takes the lock of `dir` and holds it. */
export async function startLockHolder(dir: string): Promise<LockHolder> {
  const child = spawn(process.execPath, [PROGRAM, dir], { stdio: ["pipe", "pipe", "inherit"] });
  const [says] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  return {
    pid: child.pid ?? 0,
    says,
    async release() {
      const exited = once(child, "exit");
      child.stdin.end();
      await exited;
    },
    kill: () => kill(child),
  };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
