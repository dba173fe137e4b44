import { SandboxError, type Sandbox } from "@mosaic/sandbox";
import { expect, it } from "vitest";
import type { Part, Subject } from "./subject.ts";
import type { Limits, Trial } from "./trial.ts";

type Suite = (trial: Trial) => void;

/** Everything a program of this kind can do wrong ends the attempt, once, and says why. */
export function brokenSuites({ hasProtocol, isReadyFirst }: Subject): readonly Suite[] {
  return [
    brokenConformance,
    ...(hasProtocol ? [protocolConformance] : []),
    ...(isReadyFirst ? [readyConformance] : []),
  ];
}

const failure = (reason: string, message: RegExp): unknown =>
  expect.objectContaining({ reason, message: expect.stringMatching(message) });

/** What comes of a first prompt; the session is over after it, for the same reason, and nothing is left. */
async function endOf(trial: Trial, part: Part, limits: Limits = {}): Promise<unknown> {
  const { start, onEvent } = await trial.open(part, limits);
  const session = await start();
  const ended = await session.prompt("Go.", onEvent).catch((error: unknown) => error);
  const exit = await session.exited;
  expect(await session.prompt("And?", onEvent).catch((error: unknown) => error)).toBe(ended);
  expect((await session.kill()).survivors).toEqual([]);
  expect(await session.exited).toBe(exit);
  expect(await session.prompt("And?", onEvent).catch((error: unknown) => error)).toBe(ended);
  expect(trial.sandbox.list()).toEqual([]);
  return ended;
}

function brokenConformance(trial: Trial): void {
  it("that writes without end is stopped", async () => {
    const output = { lineBytes: 100_000, totalBytes: 200_000 };
    expect(await endOf(trial, "flood", { output })).toEqual(
      failure("output_limit", /more than 200000 bytes/),
    );
  });

  it("that writes a line without end is stopped", async () => {
    const output = { lineBytes: 20_000, totalBytes: 10_000_000 };
    expect(await endOf(trial, "long-line", { output })).toEqual(
      failure("output_limit", /a line of more than 20000 bytes/),
    );
  });

  it("that crashes is told of, with its code and last words", async () => {
    expect(await endOf(trial, "crash")).toEqual(failure("runtime", /ended with code 3.*last word/s));
  });

  it("that is killed by somebody else is told of", async () => {
    expect(await endOf(trial, "shot")).toEqual(
      failure("runtime", /SIGKILL, and not by us|code 137, and not by us/),
    );
  });

  it("that hangs is stopped when its time is up", async () => {
    const { start, onEvent } = await trial.open("deaf", { timeoutMs: 50, graceMs: 20 });
    const session = await start();
    await expect(session.prompt("Go.", onEvent)).rejects.toMatchObject({ reason: "timeout" });
    // It may have stopped in its grace, before it was deaf.
    expect((await session.kill()).survivors).toEqual([]);
    await session.exited;
    expect(trial.sandbox.list()).toEqual([]);
  });

  it("that does not stop when it is asked to is killed", async () => {
    const { start, onEvent } = await trial.open("deaf", { graceMs: 20 });
    const session = await start();
    const stop = new AbortController();
    const turn = session.prompt("Go.", onEvent, stop.signal);
    stop.abort();
    expect(await turn).toMatchObject({ outcome: "cancelled", message: expect.stringMatching(/was killed/) });
    await session.exited;
    expect(trial.sandbox.list()).toEqual([]);
  });

  it("that finds no sandbox is a failure of its own", async () => {
    const sandbox: Sandbox = {
      ...trial.sandbox,
      start: async () => Promise.reject(new SandboxError("bwrap is not installed; install it")),
    };
    const { start, onEvent } = await trial.openIn(sandbox, "attempts");
    const turn = start().then(async (session) => session.prompt("Go.", onEvent));
    await expect(turn).rejects.toEqual(failure("sandbox", /install it/));
  });
}

function protocolConformance(trial: Trial): void {
  it("that writes garbage is stopped", async () => {
    expect(await endOf(trial, "garbage")).toEqual(failure("runtime", /nonsense/));
  });
}

function readyConformance(trial: Trial): void {
  it("that ends right after its turn has still done it", async () => {
    const { start, onEvent } = await trial.open("leave");
    const session = await start();
    expect(await session.prompt("Go.", onEvent)).toMatchObject({ outcome: "done" });
    await session.exited;
    await expect(session.prompt("More.", onEvent)).rejects.toMatchObject({ reason: "runtime" });
  });

  it.each<[Part, RegExp, Limits]>([
    ["stillborn", /ended with code 9/, {}],
    ["mute", /was not ready after 300 ms/, { startTimeoutMs: 300 }],
  ])("that is %s is not started, and nothing is left of it", async (part, why, limits) => {
    const { start } = await trial.open(part, limits);
    await expect(start()).rejects.toEqual(failure("runtime", why));
    expect(trial.sandbox.list()).toEqual([]);
  });
}
