import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Bench } from "../spec-support.ts";
import { buildWorker, openBench, type BenchOptions } from "./spec-support.ts";

let folder = "";
let workerBundle = "";
let bench: Bench | null = null;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rt-bundle-"));
  workerBundle = await buildWorker(folder);
});
afterAll(async () => rm(folder, { recursive: true }));
afterEach(async () => {
  await bench?.close();
  bench = null;
});

describe("the worker, beside what every runtime must do", () => {
  const open = async (options: Partial<BenchOptions>): Promise<Bench> => {
    bench = await openBench({ sandbox: createBubblewrapSandbox(), workerBundle, ...options });
    return bench;
  };

  test("loses the model when its door is revoked, and says so", async () => {
    const { start, onEvent, gateway } = await open({ scenario: "hang", streamRetries: 0 });
    const session = await start();
    expect(gateway.list()).toEqual(["one"]);
    const turn = session.prompt("Go.", onEvent);
    await gateway.close();
    expect(await turn).toMatchObject({ outcome: "model_error" });
  });

  test("max turns", async () => {
    const { start, onEvent } = await open({ scenario: "endless" });
    const session = await start("one", { maxTurns: 2 });
    expect(await session.prompt("Go.", onEvent)).toMatchObject({ outcome: "max_turns", requests: 2 });
  });

  test("the time of a turn", async () => {
    const { start, onEvent } = await open({ scenario: "hang", timeoutMs: 50 });
    const session = await start();
    await expect(session.prompt("Go.", onEvent)).rejects.toMatchObject({ reason: "timeout" });
  });

  test("all that it writes", async () => {
    const output = { lineBytes: 10_000, totalBytes: 1_000 };
    const { start, onEvent } = await open({ scenario: "endless", output });
    const session = await start();
    const failed = session.prompt("Go.", onEvent);
    await expect(failed).rejects.toMatchObject({ reason: "output_limit", message: /more than 1000 bytes/ });
    await session.exited;
  });

  test("several agents at a time, each in its own sandbox", async () => {
    const { start, onEvent, entries } = await open({ scenario: "write-file" });
    const sessions = await Promise.all(["a", "b", "c"].map(async (id) => start(id)));
    const turns = await Promise.all(
      sessions.map(async (session, at) => session.prompt(`Task ${at}`, onEvent)),
    );
    expect(turns.map((turn) => turn.outcome)).toEqual(["done", "done", "done"]);
    expect(new Set(entries.map((entry) => entry.agentId))).toEqual(new Set(["a", "b", "c"]));
  });
});
