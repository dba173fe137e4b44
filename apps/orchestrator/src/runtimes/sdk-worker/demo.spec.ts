import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { demoRepositoryPath } from "@mosaic/replay";
import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SessionEvent } from "../port.ts";
import type { Bench } from "../spec-support.ts";
import { buildWorker, openBench } from "./spec-support.ts";

/** The demo repository's tools are the ones of this repository, in the same versions. */
const NODE_MODULES = dirname(dirname(fileURLToPath(import.meta.resolve("typescript/package.json"))));

let folder = "";
let bench: Bench;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "demo-"));
  bench = await openBench({
    sandbox: createBubblewrapSandbox(),
    workerBundle: await buildWorker(folder),
    scenario: "fix-failing-test",
    mounts: [{ source: NODE_MODULES, target: "/tree/node_modules", writable: false }],
  });
  await cp(demoRepositoryPath(), bench.tree, { recursive: true });
});
afterAll(async () => {
  await bench.close();
  await rm(folder, { recursive: true });
});

/** Runs one of the repository's scripts on a copy of the tree; true when it ends well. */
async function passes(script: string): Promise<boolean> {
  const copy = await mkdtemp(join(folder, "gate-"));
  await cp(bench.tree, copy, { recursive: true, filter: (source) => !source.includes("node_modules") });
  await symlink(NODE_MODULES, join(copy, "node_modules"));
  return new Promise((resolve) => {
    const env = { PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` };
    execFile("npm", ["run", script], { cwd: copy, env }, (error) => resolve(error === null));
  });
}

async function gates(...scripts: string[]): Promise<Record<string, boolean>> {
  return Object.fromEntries(
    await Promise.all(scripts.map(async (name) => [name, await passes(name)] as const)),
  );
}

const outputs = (events: readonly SessionEvent[]): string =>
  events.map((event) => (event.type === "tool_result" ? event.output : "")).join("\n");

test("the demo: a failing test, a first attempt that a gate rejects, and a repair that passes them all", async () => {
  const { onEvent, events, entries } = bench;
  expect(await gates("typecheck", "test")).toEqual({ typecheck: true, test: false });

  const session = await bench.start();
  expect(await session.prompt("Fix the failing test.", onEvent)).toMatchObject({ outcome: "done" });
  expect(outputs(events)).toContain("'60s' !== '1m'");
  expect(outputs(events)).toMatch(/pass 11\n.*fail 0/);
  expect(await gates("typecheck", "test")).toEqual({ typecheck: false, test: true });

  const seen = events.length;
  expect(await session.prompt("The gate typecheck rejected it.", onEvent)).toMatchObject({ outcome: "done" });
  expect(outputs(events.slice(seen))).toMatch(/pass 11\n.*fail 0/);
  expect(outputs(events.slice(seen))).not.toMatch(/error TS/);
  const all = { typecheck: true, lint: true, test: true, coverage: true, build: true };
  expect(await gates(...Object.keys(all))).toEqual(all);

  expect(events.filter((event) => event.type === "tool_result" && event.isError)).toEqual([]);
  expect(entries.every((entry) => entry.complete && entry.costUsd > 0)).toBe(true);
  expect(await readFile(join(bench.tree, "src/format.ts"), "utf8")).toContain("part !== null");
});
