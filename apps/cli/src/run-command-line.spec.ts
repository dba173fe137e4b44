import { PassThrough } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { runCommandLine } from "./run-command-line.ts";

/** Runs a command line in this process, with nothing on standard input and nobody at the address. */
async function runHere(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  streams.stdin.end();
  const code = await runCommandLine({
    argv,
    env: { MOSAIC_TOKEN: "some-token-some-token", ...env },
    streams,
    cwd: "/home/me/here",
    homeDir: "/home/me",
    version: "1.2.3",
    now: () => 0,
    randomText: () => "3fa9c1",
    onInterrupt: () => new AbortController().signal,
    up: () => Promise.reject(new Error("a defect\u001B[2J")),
  });
  streams.stdout.end();
  streams.stderr.end();
  return { code, stdout: await textOf(streams.stdout), stderr: await textOf(streams.stderr) };
}

describe("a wrong command line (exit 2)", () => {
  it.each([
    [["frobnicate"], "unknown command 'frobnicate'"],
    [["kil", "3f2a"], "Did you mean kill?"],
    [["logs", "3f2a", "--folow"], "Did you mean --follow?"],
    [["queue", "puase"], "Did you mean pause?"],
    [["show"], "missing required argument 'agent'"],
    [["show", "3f2a", "more"], "too many arguments"],
    [["show", "xyz!"], "is not an agent id"],
    [["show", "3f2"], "is too short"],
    [["ls", "--limit", "many"], "whole number"],
    [["ls", "--status", "sleeping"], "Allowed choices are spawning, running"],
    [["run", "Fix it"], "--repo is missing"],
    [["run", "--bogus"], "unknown option '--bogus'"],
    [["run", "--rep", "."], "Did you mean --repo?"],
    [["run", "--repo", "."], "a work item is missing"],
    [["run", "--repo", ".", "  "], "a work item is empty"],
    [["run", "--repo", ".", "--priority", "11", "x"], "from 1 to 10"],
    [["run", "--repo", ".", "--agent-type", "wizard", "x"], "Allowed choices are worker"],
    [["run", "--repo", ".", "--gates", "tests,moon", "x"], "typecheck"],
    [["run", "--repo", ".", "--gates", "tests", "--profile", "strict", "x"], "custom profile"],
    [["run", "--repo", ".", "-", "-"], "given once"],
    [["run", "--repo", ".", "-"], "standard input is empty"],
    [["kill"], "an agent id, or --all"],
    [["kill", "3f2a", "--all"], "not both"],
    [["ls", "--url", "ftp://x"], "http:// or https://"],
    [["ls", "--url", "http://me:secret@localhost:1"], "must not carry"],
    [["help", "moon"], "there is no help on 'moon'"],
    [[], "Usage: mosaic"],
  ])("%j says %j on stderr", async (args, text) => {
    const { code, stdout, stderr } = await runHere(args);
    expect(stderr).toContain(text);
    expect([code, stdout]).toEqual([2, ""]);
  });
});

describe("a defect of the command itself", () => {
  it("is told as one, with its stack and without control characters (exit 1)", async () => {
    const { code, stderr } = await runHere(["up"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: mosaic itself failed, which is a bug\n {2}Error: a defect\n/);
  });
});

describe("--quiet and --json", () => {
  it("are taken before and after the command", async () => {
    for (const argv of [
      ["--json", "queue", "stats", "--url", "http://127.0.0.1:9"],
      ["queue", "--url", "http://127.0.0.1:9", "stats", "--json"],
    ]) {
      const { code, stdout, stderr } = await runHere(argv);
      expect([code, stdout]).toEqual([6, ""]);
      expect(JSON.parse(stderr)).toMatchObject({ exitCode: 6 });
    }
  });
});

describe("the version", () => {
  it("is printed on stdout (exit 0)", async () => {
    expect(await runHere(["--version"])).toEqual({ code: 0, stdout: "1.2.3\n", stderr: "" });
  });
});
