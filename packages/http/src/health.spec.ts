import { orchestratorRoutes } from "@mosaic/contracts";
import { createMetrics } from "@mosaic/telemetry";
import { describe, expect, it } from "vitest";
import { bearer, buildServer } from "../tests/support.ts";
import { createHealthHandlers, type HealthOptions } from "./health.ts";

const { health, ready, meta, openapi, metrics } = orchestratorRoutes;

function serve(options: Partial<HealthOptions>) {
  const test = buildServer();
  const handlers = createHealthHandlers({
    name: "orchestrator",
    version: "1.2.3",
    startedAt: 1_000,
    now: () => 61_000,
    checks: {},
    warnings: () => ["the sandbox is off"],
    metrics: createMetrics({ name: "orchestrator", version: "1.2.3" }),
    routes: orchestratorRoutes,
    ...options,
  });
  test.server.mount({ health, ready, meta, openapi, metrics }, handlers);
  return (url: string) =>
    test.server.app.inject({ url, headers: { host: "localhost", ...bearer(test.tokens.read) } });
}

const SANDBOX = {
  name: "bubblewrap",
  isolates: true,
  limits: { memory: "watcher", processes: "kernel", cpus: "none" },
} as const;
const ok = async () => ({ ok: true, detail: "fine" });

describe("health", () => {
  it("answers as the owner's README says", async () => {
    const answer = await serve({})("/health");
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ status: "healthy", uptime: 60, timestamp: "1970-01-01T00:01:01.000Z" });
  });

  it("is ready when every dependency is, and carries the warnings", async () => {
    const answer = await serve({ checks: { store: ok, git: ok } })("/health/ready");
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      status: "ready",
      checks: { store: { ok: true }, git: { ok: true, detail: "fine" } },
      warnings: ["the sandbox is off"],
    });
  });

  it("is not ready, and says which dependency fails how, when one refuses, crashes or never answers", async () => {
    const get = serve({
      checkTimeoutMs: 20,
      checks: {
        store: ok,
        refuses: async () => ({ ok: false, detail: "not installed" }),
        crashes: () => Promise.reject(new Error("boom")),
        throws: () => {
          throw new Error("at once");
        },
        hangs: () => new Promise(() => undefined),
      },
    });
    const answer = await get("/health/ready");
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      status: "not_ready",
      checks: {
        store: { ok: true },
        refuses: { ok: false, detail: "not installed" },
        crashes: { ok: false, detail: "boom" },
        throws: { ok: false, detail: "at once" },
        hangs: { ok: false, detail: "no answer within 20 ms" },
      },
    });
  });

  it("asks its dependencies once for many callers, and again when the answer is old", async () => {
    let asked = 0;
    let now = 0;
    const get = serve({
      now: () => now,
      checks: {
        store: async () => {
          asked += 1;
          return { ok: true, detail: "" };
        },
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => get("/health/ready")));
    expect(asked).toBe(1);
    now += 999;
    await get("/health/ready");
    expect(asked).toBe(1);
    now += 1;
    await get("/health/ready");
    expect(asked).toBe(2);
  });

  it("describes the plane: version, warnings and sandbox, OpenAPI 3.1, Prometheus metrics", async () => {
    const get = serve({ sandbox: SANDBOX });
    expect((await get("/v1/meta")).json()).toEqual({
      name: "orchestrator",
      version: "1.2.3",
      warnings: ["the sandbox is off"],
      sandbox: SANDBOX,
    });
    const api = await get("/openapi.json");
    expect(api.headers["content-type"]).toContain("application/json");
    expect(api.json()).toMatchObject({
      openapi: "3.1.0",
      info: { title: "Mosaic orchestrator", version: "1.2.3" },
    });
    expect(Object.keys(api.json<{ paths: object }>().paths)).toContain("/agents/{agentId}/kill");
    const scraped = await get("/metrics");
    expect(scraped.headers["content-type"]).toContain("text/plain; version=0.0.4");
    expect(scraped.body).toContain('mosaic_build_info{name="orchestrator",version="1.2.3"} 1');
  });
});
