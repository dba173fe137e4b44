import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { openSqliteStore, type Store } from "@mosaic/store";
import { expect } from "vitest";

const PROGRAM = fileURLToPath(new URL("./write-storm-process.ts", import.meta.url));

export interface Storm {
  readonly pid: number;
  /** Resolves when the child has printed so many promises. */
  until(promises: number): Promise<void>;
  /** Kills the child; gives every promise it made. */
  kill(): Promise<readonly string[]>;
}

/** Starts a process that writes to the store at `file` and prints what was promised to it. */
export function startStorm(file: string): Storm {
  const child = spawn(process.execPath, [PROGRAM, file], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  let check = (): void => undefined;
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    check();
  });
  const closed = ended(child);
  // The last line may have been cut off by the kill: it is a promise only with its end.
  const lines = () => text.split("\n").slice(0, -1);

  return {
    pid: child.pid ?? 0,
    until: (promises) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (lines().length >= promises) resolve();
        };
        check();
        closed.then(() => reject(new Error(`the writer ended by itself:\n${text}`)), reject);
      }),
    async kill() {
      child.kill("SIGKILL");
      await closed;
      return lines();
    },
  };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
}

/** Opens the store that a storm has left and checks that every promise was kept, and that nothing is half done. */
export async function expectKept(file: string, promises: readonly string[]): Promise<void> {
  const store = await openSqliteStore({ file });
  try {
    const kept = await Promise.all(promises.map((line) => isKept(store, line)));
    expect(promises.filter((_, index) => kept[index] === false)).toEqual([]);
    const completed = promises.filter((line) => line === "completed").length;
    expect((await store.queue.counts()).completed).toBeGreaterThanOrEqual(completed);
    expect(await store.audit.verify()).toMatchObject({ ok: true });
    const { newest } = await store.state.eventRange();
    const ids = (await store.state.eventsAfter({ after: 0, limit: newest })).map(({ id }) => id);
    expect(ids).toHaveLength(newest);
  } finally {
    await store.close();
  }
  expectIntact(file);
}

async function isKept(store: Store, line: string): Promise<boolean> {
  const [kind = "", first = "", second = ""] = line.split(" ");
  switch (kind) {
    case "admitted":
      return (await store.state.getTask(first))?.agentId === second;
    case "running":
      return (await store.state.getAgent(first))?.state === "running";
    case "event":
      return (await store.state.eventsAfter({ after: Number(first) - 1, limit: 1 }))[0]?.id === Number(first);
    case "audit":
      return (await store.audit.list(Number(first) - 1, 1))[0]?.hash === second;
    default:
      return kind === "open" || kind === "completed";
  }
}

/** Past the store: the file as SQLite itself sees it. */
export function expectIntact(file: string): void {
  const db = new DatabaseSync(file);
  expect(db.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  expect(db.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  const pending = db.prepare("SELECT count(*) AS number FROM tasks WHERE state = 'pending'").get();
  expect(db.prepare("SELECT number FROM pending_tasks").get()).toEqual(pending);
  db.close();
}
