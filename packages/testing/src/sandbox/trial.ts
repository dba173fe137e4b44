import { collect, toolchainMounts, type Collected, type Sandbox, type SandboxSpec } from "@mosaic/sandbox";
import { randomUUID } from "node:crypto";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach } from "vitest";

/** Most a trial may take; only a failure comes near it. */
const TIMEOUT_MS = 30_000;

/** What every test of a sandbox gets: the adapter, a folder of its own on the host, and short ways to run things. */
export interface Trial {
  readonly sandbox: Sandbox;
  /** Empty at first, removed at the end, with everything that was started. */
  readonly folder: string;
  /** In the environment of everything the trial starts, to find it on the host. */
  readonly marker: string;
  /** A specification that runs anywhere, with what the test is about. */
  spec(changes: Partial<SandboxSpec>): SandboxSpec;
  /** Runs it to its end. */
  run(changes: Partial<SandboxSpec>, options?: { stdin?: string }): Promise<Collected>;
  /** Runs a shell script to its end, and gives what it said, without the last line's end. */
  shell(script: string, changes?: Partial<SandboxSpec>): Promise<string>;
}

/** A fresh trial for each test of the surrounding `describe`. */
export function useTrial(open: () => Sandbox): Trial {
  let sandbox = open();
  let folder = "";
  let marker = "";
  let started = 0;
  let toolchain: Awaited<ReturnType<typeof toolchainMounts>> | undefined;

  beforeEach(async () => {
    sandbox = open();
    folder = await realpath(await mkdtemp(path.join(tmpdir(), "mosaic-trial-")));
    marker = randomUUID();
    // The given node only: what else this host has on its PATH must not matter.
    toolchain ??= await toolchainMounts({ nodePath: process.execPath, path: "", home: folder });
  });
  afterEach(async () => {
    await Promise.all(sandbox.list().map(async (running) => await running.kill()));
    await rm(folder, { recursive: true });
  });

  const spec: Trial["spec"] = (changes) => ({
    id: `trial-${String((started += 1))}`,
    label: "trial",
    command: ["true"],
    cwd: "/tmp",
    scratch: [],
    limits: {
      memoryMb: 256,
      fileBytes: 64 * 1024 * 1024,
      openFiles: 256,
      tmpBytes: 4 * 1024 * 1024,
      processes: 256,
      cpus: 1,
    },
    ...changes,
    env: { PATH: toolchain?.path ?? "", TRIAL: marker, ...changes.env },
    mounts: [...(toolchain?.mounts ?? []), ...(changes.mounts ?? [])],
  });
  const run: Trial["run"] = async (changes, options = {}) =>
    await collect(await sandbox.start(spec(changes)), {
      maxBytes: 1_000_000,
      timeoutMs: TIMEOUT_MS,
      ...options,
    });

  return {
    get sandbox() {
      return sandbox;
    },
    get folder() {
      return folder;
    },
    get marker() {
      return marker;
    },
    spec,
    run,
    shell: async (script, changes = {}) => {
      const { stdout, stderr } = await run({ ...changes, command: ["sh", "-c", script] });
      return `${stdout.toString()}${stderr.toString()}`.trimEnd();
    },
  };
}
