import { ApiError } from "@mosaic/client";
import { afterEach, expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";

let system: System;
afterEach(() => system.close());

it("SANDBOX_ENABLED=false does the main job on the host, and says so in health, status and the event", async () => {
  system = await startSystem(scenario("repaired-at-once"), { SANDBOX_ENABLED: "false" });
  const ready = await system.client.call("ready");
  expect(ready.warnings.join()).toContain("Sandbox off");
  expect(ready.checks["sandbox"]).toMatchObject({ ok: true, warning: true });
  expect(await system.client.call("meta")).toMatchObject({ sandbox: { name: "none", isolates: false } });
  const agentId = await system.spawn({ options: { sandbox: false } });
  const agent = await system.ended(agentId);
  expect(agent).toMatchObject({ status: "completed", sandbox: "none" });
  const { items } = await system.client.call("listAudit", { query: {} });
  expect(items).toContainEqual(
    expect.objectContaining({ action: "start.unprotected", reason: "SANDBOX_ENABLED=false" }),
  );
  const running = await system.seen(agentId, "agent.running");
  expect(running.data).toMatchObject({ sandbox: "none" });
});

it("a caller who asks for a sandbox is refused where there is none", async () => {
  system = await startSystem(scenario("repaired-at-once"), { SANDBOX_ENABLED: "false" });
  await expect(system.spawn({ options: { sandbox: true } })).rejects.toSatisfy(
    (error) => error instanceof ApiError && error.problem?.code === "sandbox_unavailable",
  );
});
