import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Runtime } from "../port.ts";
import * as shared from "../spec-support.ts";
import { createSdkWorkerRuntime, type SdkWorkerOptions } from "./create-sdk-worker-runtime.ts";

const BUILD = fileURLToPath(new URL("../../../../worker/build.mjs", import.meta.url));

/** Bundles the worker into `folder`. */
export async function buildWorker(folder: string): Promise<string> {
  const target = join(folder, "worker.mjs");
  await promisify(execFile)(process.execPath, [BUILD, target]);
  return target;
}

/** A program that stands in for the worker. */
export async function writeWorker(folder: string, program: string): Promise<string> {
  const target = join(folder, "fake-worker.mjs");
  await writeFile(target, program);
  return target;
}

type WorkerOptions = Omit<SdkWorkerOptions, "nodePath" | "version">;

export function workerRuntime(options: WorkerOptions): Runtime {
  return createSdkWorkerRuntime({ nodePath: process.execPath, version: "0.0.0-test", ...options });
}

export type BenchOptions = WorkerOptions & Omit<shared.BenchOptions, "runtime">;

/** A bench whose agents are workers. */
export async function openBench({ scenario, mounts = [], ...given }: BenchOptions): Promise<shared.Bench> {
  return shared.openBench({ runtime: workerRuntime(given), scenario, mounts });
}
