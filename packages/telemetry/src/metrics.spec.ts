import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";

describe("createMetrics", () => {
  it("keeps apps of one process apart", async () => {
    const one = createMetrics({ name: "api", version: "1.0.0" });
    const two = createMetrics({ name: "orchestrator", version: "1.0.0" });
    one.tokens.inc({ model: "m", type: "input" }, 5);
    expect(await one.text()).toContain('mosaic_tokens_total{model="m",type="input"} 5');
    expect(await two.text()).not.toContain("mosaic_tokens_total{");
  });

  it("names the build and uses base units", async () => {
    const metrics = createMetrics({ name: "api", version: "1.2.3" });
    metrics.httpDuration.observe({ route: "/health", method: "GET", status: 200 }, 0.004);
    const text = await metrics.text();
    expect(text).toContain('mosaic_build_info{name="api",version="1.2.3"} 1');
    expect(text).toContain(
      'mosaic_http_request_duration_seconds_bucket{le="0.005",route="/health",method="GET",status="200"} 1',
    );
    expect(metrics.contentType).toContain("text/plain");
  });

  it("refreshes gauges before a scrape, until told to stop, and does not hide a refresh that fails", async () => {
    const metrics = createMetrics({ name: "api", version: "1" });
    let depth = 1;
    const stop = metrics.onScrape(() => Promise.resolve(metrics.queueDepth.set({ state: "pending" }, depth)));
    expect(await metrics.text()).toContain('mosaic_queue_depth{state="pending"} 1');
    stop();
    depth = 2;
    expect(await metrics.text()).toContain('mosaic_queue_depth{state="pending"} 1');
    metrics.onScrape(() => Promise.reject(new Error("store is gone")));
    await expect(metrics.text()).rejects.toThrow("store is gone");
  });

  it("adds process metrics only when asked", async () => {
    const plain = await createMetrics({ name: "a", version: "1" }).text();
    const full = await createMetrics({ name: "a", version: "1", processMetrics: true }).text();
    expect(plain).not.toContain("process_cpu");
    expect(full).toContain("process_cpu");
  });
});
