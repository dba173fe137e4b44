import { watch } from "node:fs";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Sandbox } from "@mosaic/sandbox";
import { afterEach, beforeEach } from "vitest";
import { openBench, type Bench } from "../spec-support.ts";
import { scenarioOf, type Part, type Stage, type Subject } from "./subject.ts";

export type Limits = Omit<Stage, "sandbox" | "folder">;

export interface Trial {
  readonly sandbox: Sandbox;
  /** An agent's bench, with a runtime whose agents play `part`. */
  open(part: Part, limits?: Limits): Promise<Bench>;
  openIn(sandbox: Sandbox, part: Part, limits?: Limits): Promise<Bench>;
}

/** A fresh sandbox adapter and bench for each test of the surrounding `describe`; nothing is left of them. */
export function useTrial(subject: Subject, makeSandbox: () => Sandbox): Trial {
  let sandbox = makeSandbox();
  let folder = "";
  let benches: Bench[] = [];

  beforeEach(async () => {
    sandbox = makeSandbox();
    folder = await mkdtemp(join(tmpdir(), "runtime-"));
  });
  afterEach(async () => {
    await Promise.all(benches.map(async (bench) => bench.close()));
    await Promise.all(sandbox.list().map(async (running) => running.kill()));
    await rm(folder, { recursive: true });
    benches = [];
  });

  const openIn: Trial["openIn"] = async (inside, part, limits = {}) => {
    const runtime = await subject.runtime(part, { sandbox: inside, folder, ...limits });
    const bench = await openBench({ runtime, scenario: scenarioOf(part) });
    benches.push(bench);
    return bench;
  };
  return {
    get sandbox() {
      return sandbox;
    },
    open: (part, limits) => openIn(sandbox, part, limits),
    openIn,
  };
}

/** Settles when there is a file `name` in `folder`, or nobody waits for it any more. */
export async function appeared(folder: string, name: string, enough?: AbortSignal): Promise<void> {
  const stop = new AbortController();
  const isThere = (): Promise<boolean> =>
    access(join(folder, name)).then(
      () => true,
      () => false,
    );
  await new Promise<void>((resolve, reject) => {
    const look = (): void => void isThere().then((found) => found && resolve());
    enough?.addEventListener("abort", () => resolve(), { once: true });
    watch(folder, { signal: stop.signal }).on("change", look).on("error", reject);
    look();
  });
  stop.abort();
}
