import { createLogger } from "@mosaic/telemetry";
import { expect, it } from "vitest";
import type { Services } from "../services.ts";
import { createExecutionRegistry } from "../spawner/registry.ts";
import { drain } from "./drain.ts";

it("does not wait for ever for an attempt that never ends, and says which it is", async () => {
  const said: unknown[] = [];
  const log = createLogger({ name: "drain", level: "silent", redact: (text) => text });
  log.error = (fields: unknown) => void said.push(fields);
  const registry = createExecutionRegistry();
  const ending = registry.add("agent-1", "t-1");
  ending.execution.stop.signal.addEventListener("abort", ending.done);
  const { execution } = registry.add("agent-2", "t-2");
  await drain({ registry, log, settings: { shutdownGraceMs: 1 } } as unknown as Services, 1);
  expect(execution.stop.signal.aborted).toBe(true);
  expect(said).toEqual([{ agents: ["agent-2"] }]);
});
