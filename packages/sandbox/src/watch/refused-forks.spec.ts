import { temporaryFolder } from "@mosaic/testing";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, expect, it } from "vitest";
import { refusedForks } from "./refused-forks.ts";

const folder = temporaryFolder();
afterAll(() => {
  folder.remove();
});

// What the kernel writes there, and what comes of it, is in the specs of the adapters.
it("tells a storm of refusals from a limit that was met, and from what was refused before it looked", () => {
  const file = path.join(folder.path, "pids.events");
  const count = (refused: number) => {
    writeFileSync(file, `max ${String(refused)}\n`);
  };
  count(10_000);
  const isStorm = refusedForks(file);
  expect(isStorm()).toBe(false);
  count(10_499);
  expect(isStorm()).toBe(false);
  count(10_500);
  expect(isStorm()).toBe(true);
});

it("is not misled by a count that cannot be read for a moment, nor by a limit that others met", () => {
  const file = path.join(folder.path, "pids.events");
  const write = (name: string, text: string) => {
    writeFileSync(path.join(folder.path, name), text);
  };
  write("pids.events", "max 900\n");
  const isStorm = refusedForks(file);
  write("pids.events", "");
  expect(isStorm()).toBe(false);
  write("pids.max", "100\n");
  write("pids.current", "12\n");
  write("pids.events", "max 9000\n");
  expect(isStorm()).toBe(false);
  write("pids.current", "99\n");
  expect(isStorm()).toBe(true);
});

it("tells of nothing where there is nothing to look at", () => {
  expect(refusedForks(path.join(folder.path, "missing"))()).toBe(false);
});
