import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startEngineThread, type EngineThread } from "./thread.ts";

const none = (): void => undefined;
const same = <T>(value: T): T => value;

/** A module for the thread, from its source. */
function entry(source: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

describe("the thread of the SQLite store", () => {
  let folder: string;
  let file: string;
  let engine: EngineThread | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "mosaic-thread-"));
    file = join(folder, "mosaic.db");
  });
  afterEach(async () => {
    await engine?.close();
    engine = undefined;
    rmSync(folder, { recursive: true });
  });

  const start = (source?: string) =>
    startEngineThread({
      file,
      now: 0,
      afterGroup: none,
      ...(source !== undefined && { entry: entry(source) }),
    });

  it("fails what is pending and everything after it when it crashes", async () => {
    engine = await start(`
      import { parentPort } from "node:worker_threads";
      parentPort.on("message", () => { throw new Error("out of luck"); });
      parentPort.postMessage({ open: true });
    `);
    const pending = [engine.call("eventRange", [], same), engine.call("nextDueAt", [], same)];
    for (const call of pending) {
      await expect(call).rejects.toMatchObject({ name: "StoreUnavailableError", code: "crashed" });
    }
    const later = engine.call("eventRange", [], same);
    await expect(later).rejects.toMatchObject({ message: expect.stringMatching(/out of luck.*restart/) });
  });

  it("fails what is pending when it ends without a word", async () => {
    engine = await start(`
      import { parentPort } from "node:worker_threads";
      parentPort.on("message", () => process.exit(7));
      parentPort.postMessage({ open: true });
    `);
    const call = engine.call("eventRange", [], same);
    await expect(call).rejects.toMatchObject({
      code: "crashed",
      message: expect.stringContaining("exit code 7"),
    });
  });

  it("refuses to start when its module cannot be loaded", async () => {
    await expect(start("not a program")).rejects.toMatchObject({ code: "crashed" });
  });

  it("answers what was asked before it was closed, and refuses what comes after", async () => {
    const closed = await start();
    const before = Promise.all(Array.from({ length: 20 }, () => closed.call("probe", [], same)));
    const closing = closed.close();
    const after = closed.call("probe", [], same);
    await expect(after).rejects.toMatchObject({ code: "closed" });
    expect(await before).toHaveLength(20);
    await Promise.all([closing, closed.close()]);
  });

  it("fails only the call whose value cannot be copied, not those that travel with it", async () => {
    engine = await start();
    const uncopied = { agentIds: none } as unknown as string[];
    const results = await Promise.allSettled([
      engine.call("probe", [], same),
      engine.call("usageTotals", [uncopied], same),
      engine.call("probe", [], same),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });

  it("leaves the event loop free while the disk makes it wait", async () => {
    engine = await start();
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    let answered = false;
    const call = engine.call("probe", [], same).finally(() => {
      answered = true;
    });
    for (let turn = 0; turn < 1000; turn += 1) await setImmediate();
    expect(answered).toBe(false);
    other.exec("ROLLBACK");
    other.close();
    expect(await call).toContain("SQLite");
  });

  it("settles values in the order of the commits, before anyone's promise continues", async () => {
    const order: string[] = [];
    engine = await startEngineThread({ file, now: 0, afterGroup: () => order.push("group") });
    const calls = [1, 2, 3].map(async (number) => {
      await engine?.call("probe", [], () => order.push(`settle ${number}`));
      order.push(`continue ${number}`);
    });
    await Promise.all(calls);
    expect(order).toEqual([
      "settle 1",
      "settle 2",
      "settle 3",
      "group",
      "continue 1",
      "continue 2",
      "continue 3",
    ]);
  });
});
