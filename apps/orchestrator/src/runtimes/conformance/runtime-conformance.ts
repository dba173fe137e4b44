import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sandbox } from "@mosaic/sandbox";
import { describe, expect, it, vi } from "vitest";
import { KEY } from "../spec-support.ts";
import { brokenSuites } from "./broken.ts";
import type { Subject } from "./subject.ts";
import { appeared, useTrial, type Trial } from "./trial.ts";

/**
 * What every runtime must do, in real sandboxes, behind a real gateway to the scripted model.
 *
 * @param makeSandbox makes an adapter of the sandbox; called for each test
 */
export function runtimeConformance(subject: Subject, makeSandbox: () => Sandbox): void {
  const { name } = makeSandbox();
  const order = subject.isSlow === true ? [] : [orderConformance];
  const broken = subject.canBreak === false ? [] : brokenSuites(subject);
  const refused = subject.refuses?.includes(name) === true;
  const suites = refused ? [refusesConformance] : [promptConformance, endConformance, ...order, ...broken];
  describe(`${subject.name} in the sandbox ${name}`, () => {
    const trial = useTrial(subject, makeSandbox);
    for (const suite of suites) suite(trial, subject);
  });
}

function refusesConformance(trial: Trial): void {
  it("does not run, and says why", async () => {
    const { start } = await trial.open("attempts");
    await expect(start()).rejects.toMatchObject({ reason: "sandbox" });
    expect(trial.sandbox.list()).toEqual([]);
  });
}

function promptConformance(trial: Trial, subject: Subject): void {
  it("is installed, and says which version", async () => {
    const { runtime } = await trial.open("attempts");
    expect(await runtime.status()).toMatchObject({ installed: true, version: expect.stringMatching(/./) });
  });

  it("works on the tree, tells what it does, and goes on with a second prompt", async () => {
    const { start, onEvent, events, tree, entries } = await trial.open("attempts");
    const session = await start();
    expect(session.sandbox).toBe(trial.sandbox.name);
    const attempt = (): Promise<string> => readFile(join(tree, "attempt.txt"), "utf8");
    expect(await session.prompt("Do it.", onEvent)).toMatchObject({ outcome: "done" });
    expect(await attempt()).toContain("Attempt 1.");
    expect(events.some((event) => event.type === "text")).toBe(true);
    expect(await session.prompt("It does not compile.", onEvent)).toMatchObject({ outcome: "done" });
    expect(await attempt()).toContain("Attempt 2.");
    const needed = subject.metered ? 4 : 0;
    expect(entries.length).toBeGreaterThanOrEqual(needed);
    expect(entries.length).toBeLessThanOrEqual(subject.asksMore === true ? Number.POSITIVE_INFINITY : needed);
    expect(entries.every((entry) => entry.complete && entry.inputTokens > 0)).toBe(true);
  });

  it("sees the tree, the host's tools and what it was given, and neither a key nor the host's environment", async () => {
    vi.stubEnv("HOST_SECRET", "of the host");
    const { start, onEvent, tree } = await trial.open("look");
    const turn = await (await start()).prompt("Look.", onEvent);
    vi.unstubAllEnvs();
    expect(turn).toMatchObject({ outcome: "done" });
    const seen = await readFile(join(tree, "seen.txt"), "utf8");
    expect(seen).toContain(process.version);
    expect(seen).toContain("git version");
    expect(seen).toContain("FROM_WORKSPACE=yes");
    // Without a sandbox it sees other processes of the host, and there is no help for it.
    const own = trial.sandbox.isolates ? seen : seen.split("Others:")[0];
    expect(own).not.toContain(KEY);
    expect(own).not.toContain("HOST_SECRET");
    expect(seen.split("\n")[0]).toBe(trial.sandbox.isolates ? "/tree" : tree);
  });

  it("stops its turn when it is asked to, and can be prompted again", async () => {
    const { start, onEvent, tree } = await trial.open("slow");
    const session = await start();
    const stop = new AbortController();
    const turn = session.prompt("Go.", onEvent, stop.signal);
    await appeared(tree, "started.txt");
    stop.abort();
    expect(await turn).toMatchObject({ outcome: "cancelled" });
    expect(await session.prompt("And?", onEvent)).toMatchObject({ outcome: "done" });
  });

  it("stops a turn that has hardly begun, and can be prompted again", async () => {
    const { start, onEvent, tree } = await trial.open("slow");
    const session = await start();
    const first = new AbortController();
    const turn = session.prompt("Go.", onEvent, first.signal);
    first.abort();
    expect(await turn).toEqual({ outcome: "cancelled", requests: expect.any(Number) });
    // Whether the first prompt counts for the model is the agent's affair.
    const second = new AbortController();
    const next = session.prompt("And?", onEvent, second.signal);
    await Promise.race([next, appeared(tree, "started.txt", second.signal)]);
    second.abort();
    expect(await next).toEqual({
      outcome: expect.stringMatching(/^(?:done|cancelled)$/),
      requests: expect.any(Number),
    });
  });

  it("is stopped when it asks its model more often than it may in one prompt, and can be prompted again", async () => {
    const { start, onEvent, entries } = await trial.open("insist");
    const session = await start("one", { maxTurns: 2 });
    for (const prompt of [1, 2]) {
      expect(await session.prompt("Go.", onEvent)).toMatchObject({ outcome: "max_turns" });
      expect(entries.length).toBeGreaterThanOrEqual(prompt);
      expect(entries.length).toBeLessThanOrEqual(2 * prompt);
    }
  });
}

function endConformance(trial: Trial): void {
  it("is killed with everything it started, once, while a command runs", async () => {
    const { start, onEvent, tree } = await trial.open("escape");
    const session = await start();
    const failed = session.prompt("Go.", onEvent).catch((error: unknown) => error);
    await appeared(tree, "started.txt");
    const [first, second] = await Promise.all([session.kill(), session.kill()]);
    expect([first.survivors, second.survivors]).toEqual([[], []]);
    expect(await failed).toMatchObject({ reason: "killed" });
    expect((await session.kill()).survivors).toEqual([]);
    await session.exited;
    await expect(session.prompt("And?", onEvent)).rejects.toMatchObject({ reason: "killed" });
    expect(trial.sandbox.list()).toEqual([]);
  });

  it("is not started for a caller that has given up, and nothing is left of it", async () => {
    const { start } = await trial.open("attempts");
    await expect(start("one", {}, AbortSignal.abort())).rejects.toMatchObject({ reason: "killed" });
    expect(trial.sandbox.list()).toEqual([]);
  });
}

/** Not worth the time where each start takes seconds. */
function orderConformance(trial: Trial): void {
  it("takes one prompt at a time, and none of a caller that has given up", async () => {
    const { start, onEvent, tree } = await trial.open("slow");
    const session = await start();
    const given = AbortSignal.abort();
    expect(await session.prompt("Go.", onEvent, given)).toEqual({ outcome: "cancelled", requests: 0 });
    const first = session.prompt("Go.", onEvent).catch((error: unknown) => error);
    await appeared(tree, "started.txt");
    await expect(session.prompt("Go.", onEvent)).rejects.toThrow(/already has a turn/);
    await session.kill();
    expect(await first).toMatchObject({ reason: "killed" });
  });

  it("does not mind being asked to stop when there is no turn", async () => {
    const { start, onEvent } = await trial.open("attempts");
    const session = await start();
    session.cancel();
    expect(await session.prompt("Do it.", onEvent)).toMatchObject({ outcome: "done" });
    session.cancel();
    expect(await session.prompt("Once more.", onEvent)).toMatchObject({ outcome: "done" });
  });

  it("is killed between its turns", async () => {
    const { start, onEvent } = await trial.open("attempts");
    const session = await start();
    await session.prompt("Do it.", onEvent);
    expect((await session.kill()).survivors).toEqual([]);
    await expect(session.prompt("And?", onEvent)).rejects.toMatchObject({ reason: "killed" });
  });
}
