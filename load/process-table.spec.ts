import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { childrenIn, commandLineOf, parseStat, readProcesses, treeOf } from "./process-table.ts";

const row = (pid: number, parent: number) => ({
  pid,
  parent,
  startedAt: 1,
  ownTicks: 0,
  childTicks: 0,
  residentPages: 0,
});

it("reads a process whose name holds spaces and parentheses", () => {
  const text =
    "42 (a) (b c) S 7 42 42 0 -1 4194304 100 0 0 0 11 22 33 44 20 0 1 0 5000 1000000 256 18446744073709551615 1 1\n";
  expect(parseStat(text)).toEqual({
    pid: 42,
    parent: 7,
    startedAt: 5000,
    ownTicks: 33,
    childTicks: 77,
    residentPages: 256,
  });
});

it.each(["", "42 (cut off) S 7", "no process at all"])(
  "refuses what is no line of the kernel: '%s'",
  (text) => {
    expect(() => parseStat(text)).toThrow(/should be a \/proc/);
  },
);

it("finds a process and all below it, and none beside it", () => {
  const rows = [row(1, 0), row(2, 1), row(3, 2), row(4, 3), row(5, 1)];
  const tree = treeOf(row(2, 1), childrenIn(rows));
  expect(tree.map(({ pid }) => pid)).toEqual([2, 3, 4]);
});

it("sees a real child with its command line, and nothing of one that is gone", async () => {
  const child = spawn("sleep", ["3153600"]);
  await once(child, "spawn");
  const found = readProcesses().find(({ pid }) => pid === child.pid);
  expect(found?.parent).toBe(process.pid);
  child.kill("SIGKILL");
  await once(child, "close");
  expect(readProcesses().some(({ pid }) => pid === child.pid)).toBe(false);
  expect(commandLineOf(child.pid ?? 0)).toBe("");
});
