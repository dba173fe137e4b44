import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { TestContext } from "vitest";

/** A file system of our own, at `path`. */
export interface Mounted {
  readonly path: string;
  /** `mount -o remount,<options>` */
  remount(options: string): void;
  unmount(): void;
}

export interface MountRequest {
  /** Where to; it is created. */
  readonly path: string;
  /** Arguments of `mount` before the path. */
  readonly args: readonly string[];
  /** Fail where mounting is not allowed: on CI a test must not go missing without notice. */
  readonly required: boolean;
}

/** Mounts a file system. Where that is not allowed (no root, a container without the right) the test is skipped. */
export function mountOrSkip(context: TestContext, { path, args, required }: MountRequest): Mounted {
  mkdirSync(path, { recursive: true });
  try {
    run("mount", [...args, path]);
  } catch (error) {
    if (required) throw error;
    context.skip(`needs to mount a file system, which only root may: ${String(error)}`);
  }
  return {
    path,
    remount: (options) => run("mount", ["-o", `remount,${options}`, path]),
    unmount: () => run("umount", [path]),
  };
}

/** Runs a program to its end; throws with what it printed to stderr when it fails. */
export function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"] });
}
