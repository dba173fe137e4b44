import { writeFile } from "node:fs/promises";
import { isRetryable } from "@mosaic/domain";
import { GitError } from "@mosaic/git";
import { StoreUnavailableError } from "@mosaic/store";
import { expect, it } from "vitest";
import { machineFault } from "./machine-fault.ts";

it("a store that cannot be used for a moment interrupts the attempt, which is tried again", () => {
  const fault = machineFault(new StoreUnavailableError("busy", "another program holds the lock"));
  expect(fault).toMatchObject({ reason: "interrupted", message: expect.stringContaining("holds the lock") });
  expect(isRetryable(fault?.reason ?? "internal")).toBe(true);
});

it("a full disk is the machine's fault, and says what to do", async () => {
  const error: unknown = await writeFile("/dev/full", "x").catch((reason: unknown) => reason);
  const fault = machineFault(error);
  expect(fault).toMatchObject({ reason: "workspace", message: expect.stringContaining("free some space") });
  expect(isRetryable(fault?.reason ?? "internal")).toBe(true);
});

it("a git that found no space is one too, and a git that failed for another reason is not", () => {
  const git = (stderr: string): GitError => {
    const error = new GitError("git read-tree failed", { kind: "failed", command: "read-tree" });
    return Object.assign(error, { stderr });
  };
  expect(machineFault(git("error: unable to write file: No space left on device"))).not.toBeNull();
  expect(machineFault(git("fatal: not a git repository"))).toBeNull();
});

it("an error nobody foresaw is not explained away", () => {
  expect(machineFault(new Error("disk is full of ideas"))).toBeNull();
  expect(machineFault("ENOSPC")).toBeNull();
});
