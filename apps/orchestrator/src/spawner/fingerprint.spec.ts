import type { SpawnRequest } from "@mosaic/contracts";
import { expect, it } from "vitest";
import { fingerprint } from "./fingerprint.ts";

const request: SpawnRequest = {
  taskId: "T-1",
  agentType: "worker",
  context: { repository: "/srv/r", branch: "main", workItems: ["a", "b"] },
  options: { priority: 3, timeout: 10 },
};

it("does not depend on the order of keys, or on options that are absent", () => {
  const { options: _, ...rest } = request;
  expect(fingerprint({ options: { timeout: 10, priority: 3 }, ...rest })).toBe(fingerprint(request));
});

it("changes with any value, and with the order of work items", () => {
  const prints = [
    request,
    { ...request, taskId: "T-2" },
    { ...request, gateProfile: "strict" as const },
    { ...request, options: { priority: 4, timeout: 10 } },
    { ...request, context: { ...request.context, workItems: ["b", "a"] } },
  ].map(fingerprint);
  expect(new Set(prints).size).toBe(prints.length);
});
