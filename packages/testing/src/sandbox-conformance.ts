import { collect, type Sandbox, type SandboxSpec } from "@mosaic/sandbox";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, it, vi } from "vitest";
import { errorOf } from "./race.ts";
import { isolationConformance } from "./sandbox/isolation.ts";
import { lifecycleConformance } from "./sandbox/lifecycle.ts";
import { useTrial } from "./sandbox/trial.ts";

/** Set by shells and adapters, beside what a specification names. */
const UNASKED = ["MOSAIC_SANDBOX_ID", "OLDPWD", "PWD", "SHLVL", "_"];

/**
 * What every sandbox adapter must do; for those that isolate, also what must be impossible inside. Real processes, Linux.
 *
 * @param open makes an adapter; called for each test
 */
export function sandboxConformance(name: string, open: () => Sandbox): void {
  describe(`${name}: running commands`, () => {
    runningConformance(open);
  });
  describe(`${name}: life and death`, () => {
    lifecycleConformance(open);
  });
  if (!open().isolates) return;
  describe(`${name}: isolation`, () => {
    isolationConformance(open);
  });
}

function runningConformance(open: () => Sandbox): void {
  const trial = useTrial(open);

  it("says that it works", async () => {
    expect(await trial.sandbox.probe()).toMatchObject({ ok: true });
  });

  it("gives back what a command writes, and its exit code", async () => {
    const result = await trial.run({ command: ["sh", "-c", "cat; echo err >&2; exit 7"] }, { stdin: "out" });
    expect(result).toMatchObject({
      code: 7,
      signal: null,
      timedOut: false,
      aborted: false,
      truncated: false,
    });
    expect(result.stdout.toString()).toBe("out");
    expect(result.stderr.toString()).toBe("err\n");
  });

  it("hands over the given environment and nothing of this process's", async () => {
    vi.stubEnv("TRIAL_HOST_SECRET", "of the host");
    const said = await trial.shell("env", { env: { GREETING: "hello\nworld=1" } });
    vi.unstubAllEnvs();
    const names = said.split("\n").flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
    expect(names.filter((name) => !UNASKED.includes(name)).sort()).toEqual([
      "GREETING",
      "PATH",
      "TRIAL",
      "world",
    ]);
    expect(said).toContain("GREETING=hello\nworld=1");
  });

  it("shows mounted folders and files at their targets, and lets the writable ones be written", async () => {
    await writeFile(path.join(trial.folder, "given"), "from the host");
    const changes: Partial<SandboxSpec> = {
      cwd: "/tree",
      mounts: [{ source: trial.folder, target: "/tree", writable: true }],
    };
    const copied = await trial.run({
      ...changes,
      command: ["cp", "/tree/given", "--target-directory=/tree/../tree"],
    });
    expect(copied.code).not.toBe(0);
    const result = await trial.run({ ...changes, command: ["cp", "given", "/tree/copy"] });
    expect(result.code).toBe(0);
    expect(await readFile(path.join(trial.folder, "copy"), "utf8")).toBe("from the host");
  });

  it("says how a path in a text is reached", async () => {
    await writeFile(path.join(trial.folder, "given"), "found");
    const mounts = [{ source: trial.folder, target: "/tree", writable: false }];
    const spec = trial.spec({ mounts });
    const script = `cat ${trial.sandbox.resolve(spec, "/tree/given")}`;
    const result = await collect(
      await trial.sandbox.start({ ...spec, command: ["sh", "-c", script] }),
      LIMITS,
    );
    expect(result.stdout.toString()).toBe("found");
  });

  it("gives an unknown command the code that shells give it", async () => {
    expect(await trial.run({ command: ["no-such-command"] })).toMatchObject({ code: 127 });
  });

  it("starts nothing from a specification that makes no sense", async () => {
    const mount = { source: trial.folder, target: "/tree", writable: false };
    const wrong: Partial<SandboxSpec>[] = [
      { id: "../up" },
      { cwd: "relative" },
      { cwd: "/no/such/folder" },
      { env: { HIDDEN: "a\0--bind\0/\0/host" } },
      { command: ["echo", "a\0b"] },
      { mounts: [{ ...mount, source: path.join(trial.folder, "missing") }] },
      { mounts: [{ ...mount, source: "relative" }] },
      { mounts: [{ ...mount, target: "/tree/../etc" }] },
      { mounts: [{ ...mount, target: "/" }] },
      { mounts: [mount, mount] },
      { scratch: ["relative"] },
    ];
    for (const changes of wrong) {
      expect(await errorOf(trial.sandbox.start(trial.spec(changes)))).toMatchObject({ name: "SandboxError" });
    }
    expect(trial.sandbox.list()).toEqual([]);
  });

  it("refuses a second sandbox of the same id", async () => {
    const spec = trial.spec({ command: ["cat"] });
    const [first, second] = await Promise.allSettled([trial.sandbox.start(spec), trial.sandbox.start(spec)]);
    expect([first.status, second.status]).toEqual(["fulfilled", "rejected"]);
    expect(await errorOf(trial.sandbox.start(spec))).toMatchObject({ name: "SandboxError" });
  });

  it("cuts endless output, and never reports what it killed as a success", async () => {
    const running = await trial.sandbox.start(trial.spec({ command: ["yes"] }));
    const result = await collect(running, { ...LIMITS, maxBytes: 1000 });
    expect(result).toMatchObject({ code: null, signal: "SIGKILL", truncated: true });
    expect(result.stdout).toHaveLength(1000);
  });

  it("stops at the time limit and when told to", async () => {
    const late = await collect(await trial.sandbox.start(trial.spec({ command: ["cat"] })), {
      ...LIMITS,
      timeoutMs: 1,
    });
    expect(late).toMatchObject({ code: null, signal: "SIGKILL", timedOut: true });
    const running = await trial.sandbox.start(trial.spec({ command: ["sleep", "1000"] }));
    const told = await collect(running, { ...LIMITS, signal: AbortSignal.abort() });
    expect(told).toMatchObject({ code: null, signal: "SIGKILL", aborted: true });
  });
}

const LIMITS = { maxBytes: 1_000_000, timeoutMs: 30_000 };
