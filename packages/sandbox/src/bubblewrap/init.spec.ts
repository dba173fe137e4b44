import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { killProcess } from "../process-table.ts";
import { childrenOf, locateInit, type Init } from "./init.ts";

it("finds the children of a process, and none where there are none", async () => {
  const child = spawn("cat", [], { stdio: ["pipe", "ignore", "ignore"] });
  await once(child, "spawn");
  expect(childrenOf(process.pid)).toContain(child.pid);
  expect(childrenOf(child.pid ?? 0)).toEqual([]);
  child.stdin.end();
  await once(child, "exit");
});

const WALLS = ["--unshare-user", "--unshare-pid", "--die-with-parent", "--ro-bind", "/", "/"];

async function sandboxed(): Promise<{ readonly child: ChildProcess; readonly init: Init }> {
  const child = spawn("bwrap", [...WALLS, "sleep", "1000"], { stdio: "ignore" });
  await once(child, "spawn");
  for (;;) {
    const init = locateInit(child.pid ?? 0);
    if (init !== null) return { child, init };
    await new Promise(setImmediate);
  }
}

it("keeps the number of a namespace from the next one, until it is let go", async () => {
  const first = await sandboxed();
  killProcess(first.init.process);
  await once(first.child, "exit");
  const others = await Promise.all([sandboxed(), sandboxed(), sandboxed()]);
  const numbers = others.map(({ init }) => init.pidNamespace);
  for (const { child, init } of others) {
    killProcess(init.process);
    await once(child, "exit");
    init.release();
  }
  first.init.release();
  first.init.release();
  expect(first.init.pidNamespace).toMatch(/^pid:\[\d+\]$/);
  expect(numbers).not.toContain(first.init.pidNamespace);
});
