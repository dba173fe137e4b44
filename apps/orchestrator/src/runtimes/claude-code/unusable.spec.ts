import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNoneSandbox } from "@mosaic/sandbox";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openBench } from "../spec-support.ts";
import { claudeCodeRuntime, installInstead } from "./spec-support.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unusable-"));
});
afterEach(async () => rm(folder, { recursive: true }));

async function refused(): Promise<unknown> {
  const sandbox = createNoneSandbox();
  const bench = await openBench({ runtime: claudeCodeRuntime({ sandbox, folder }) });
  const error = await bench.start().catch((thrown: unknown) => thrown);
  expect(sandbox.list()).toEqual([]);
  await bench.close();
  return error;
}
const failure = (message: string): unknown =>
  expect.objectContaining({ reason: "runtime", message: expect.stringMatching(message) });

test("an agent without Claude Code says what to run", async () => {
  expect(await refused()).toEqual(failure("not installed; run: mosaic runtime install claude-code"));
});

test.each([
  ["that cannot be loaded", "throw new Error('broken')", "cannot be loaded: Error: broken"],
  ["that is something else", "export const other = 1", "has no query\\(\\); run: mosaic runtime install"],
  [
    "that wants other options",
    "export function query() { throw new Error('bad option') }",
    "refuses to begin: Error: bad option",
  ],
  [
    "that gives up before it starts anything",
    "export const query = () => ({ initializationResult: async () => { throw new Error('no') }, close() {} })",
    "gave up before it began: Error: no",
  ],
])("an SDK %s fails the attempt, and leaves nothing behind", async (_, sdk, message) => {
  await installInstead(folder, "", sdk);
  expect(await refused()).toEqual(failure(message));
});
