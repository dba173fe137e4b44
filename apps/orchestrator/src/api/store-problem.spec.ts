import { StoreUnavailableError } from "@mosaic/store";
import { expect, it } from "vitest";
import { storeProblem } from "./store-problem.ts";

it("a full disk is told to the caller as 503, with the sentence that says what to do", () => {
  const problem = storeProblem(new StoreUnavailableError("disk_full", "the disk is full; free some space"));
  expect(problem).toMatchObject({
    code: "store_unavailable",
    message: expect.stringContaining("free some space"),
  });
  expect(problem?.retryAfter).toBeGreaterThan(0);
});

it.each(["unreachable", "memory_full", "emptied"] as const)("a server that is %s is told, too", (code) => {
  expect(storeProblem(new StoreUnavailableError(code, "Valkey at cache:6379 …"))).toMatchObject({
    code: "store_unavailable",
    message: "Valkey at cache:6379 …",
  });
});

it("what only the log should hold stays there", () => {
  expect(storeProblem(new StoreUnavailableError("internal", "stack of the engine"))).toBeNull();
  expect(storeProblem(new Error("anything else"))).toBeNull();
});
