import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, expect, it } from "vitest";
import { killFormerGit } from "./former-processes.ts";

let root: string;
const children: ChildProcess[] = [];
const orphans: number[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "mosaic-former-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const pid of orphans.splice(0)) if (isAlive(pid)) process.kill(pid, "SIGKILL");
  await rm(root, { recursive: true });
});

/** A git that waits for its input, started by a shell that ends at once: its parent is gone, as after a crash. */
async function orphan(gitDir: string): Promise<number> {
  const script = `git --git-dir=${gitDir} hash-object --stdin <&3 >/dev/null 2>&1 & echo $!`;
  const child = spawn("/bin/sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit", "pipe"] });
  children.push(child);
  const { stdout } = child;
  if (stdout === null) throw new Error("no output");
  const [line] = (await once(createInterface({ input: stdout }), "line")) as [string];
  if (child.exitCode === null) await once(child, "exit");
  orphans.push(Number(line));
  return Number(line);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

it("ends a git that works on the folder although its process is gone, and leaves others alone", async () => {
  const ours = await orphan(join(root, "mirrors/a.git"));
  const other = await orphan(`${root}-of-somebody-else/a.git`);
  expect(await killFormerGit(root)).toBe(1);
  await gone(ours);
  expect(isAlive(other)).toBe(true);
});

it("leaves a git of this very process alone", async () => {
  const child = spawn("git", [`--git-dir=${root}/mirrors/a.git`, "hash-object", "--stdin"], {
    stdio: "pipe",
  });
  children.push(child);
  await once(child, "spawn");
  expect(await killFormerGit(root)).toBe(0);
  expect(child.exitCode).toBeNull();
});
