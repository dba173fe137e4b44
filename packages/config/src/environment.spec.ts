import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "./load.ts";

function problemsOf(env: Record<string, string>): string {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.join("\n");
    throw error;
  }
  return "";
}

describe("the most memory a task may ask for", () => {
  it("is 4096 MB, or the default when that is more, or what the owner says", () => {
    expect(loadConfig({}).sandboxMaxMemoryMb).toBe(4096);
    expect(loadConfig({ SANDBOX_DEFAULT_MEMORY_MB: "8192" }).sandboxMaxMemoryMb).toBe(8192);
    expect(loadConfig({ SANDBOX_MAX_MEMORY_MB: "512" }).sandboxMaxMemoryMb).toBe(512);
  });

  it("is not less than every agent gets", () => {
    expect(problemsOf({ SANDBOX_DEFAULT_MEMORY_MB: "512", SANDBOX_MAX_MEMORY_MB: "256" })).toContain(
      "SANDBOX_MAX_MEMORY_MB is less than",
    );
  });
});

describe("what agents may reach", () => {
  it("is nothing unless the owner says so", () => {
    expect(loadConfig({})).toMatchObject({ egressAllow: [], egressRepositoryAllow: [] });
    expect(
      loadConfig({ MOSAIC_EGRESS_ALLOW: "api.example.com:443, b.example.com:8443" }).egressAllow,
    ).toEqual([
      { host: "api.example.com", port: 443 },
      { host: "b.example.com", port: 8443 },
    ]);
  });

  it.each([
    "api.example.com",
    "*.example.com:443",
    "10.0.0.1:443",
    "API.example.com:443",
    "a\0.example.com:443",
  ])("is never %j", (target) => {
    expect(problemsOf({ MOSAIC_EGRESS_ALLOW: target })).toMatch(/^MOSAIC_EGRESS_ALLOW: /);
  });

  it("is never a model's host, on no list", () => {
    const own = { ANTHROPIC_BASE_URL: "https://models.example.com/v1" };
    expect(problemsOf({ MOSAIC_EGRESS_ALLOW: "api.anthropic.com:443" })).toContain("where models are");
    expect(problemsOf({ ...own, MOSAIC_EGRESS_ALLOW: "models.example.com:443" })).toContain(
      "where models are",
    );
    expect(problemsOf({ ...own, MOSAIC_EGRESS_REPOSITORY_ALLOW: "models.example.com:8443" })).toContain(
      "where models are",
    );
    expect(problemsOf({ MOSAIC_REGISTRIES: "registry.npmjs.org,api.anthropic.com" })).toContain(
      "where models are",
    );
  });
});

it("takes processors as a number, and images by exact names", () => {
  expect(loadConfig({ SANDBOX_DEFAULT_CPUS: "0.5" }).sandboxCpus).toBe(0.5);
  expect(problemsOf({ SANDBOX_DEFAULT_CPUS: "0" })).toContain("SANDBOX_DEFAULT_CPUS");
  expect(loadConfig({}).images).toEqual(["mosaic-agent:latest"]);
  expect(problemsOf({ MOSAIC_IMAGES: "--privileged" })).toContain("MOSAIC_IMAGES");
});
