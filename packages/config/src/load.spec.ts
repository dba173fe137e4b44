import { describe, expect, it } from "vitest";
import { ConfigError, loadConfig } from "./load.ts";
import { readPlaneStart } from "./plane.ts";
import { configurationReference } from "./reference.ts";
import { VARIABLES } from "./variables.ts";

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("loadConfig", () => {
  it("has a default for everything the owner gives one for", () => {
    const config = loadConfig({ HOME: "/home/x" });
    expect(config).toMatchObject({
      orchestratorPort: 3001,
      coordinatorPort: 8000,
      apiPort: 3000,
      maxConcurrentAgents: 2,
      queueConcurrency: 1,
      sandboxEnabled: true,
      yolo: false,
      replayScenario: "tour",
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it("has no budget unless one is set, and takes none that could mean two things", () => {
    expect(loadConfig({ HOME: "/home/x" }).budgetDay).toBeUndefined();
    expect(loadConfig({ HOME: "/home/x", MOSAIC_BUDGET_DAY_USD: "12.50" }).budgetDay).toBe(12.5);
    for (const value of ["0", "-1", "ten", "1e3", "$5"]) {
      expect(problemsOf({ MOSAIC_BUDGET_DAY_USD: value }).join()).toMatch(/^MOSAIC_BUDGET_DAY_USD: must be/);
    }
  });

  it("lists every problem at once and never prints a secret", () => {
    const problems = problemsOf({
      ORCHESTRATOR_PORT: "many",
      YOLO_MODE: "perhaps",
      MOSAIC_HOME: "relative/path",
      MOSAIC_ADMIN_TOKEN: "short secret",
    });
    expect(problems).toHaveLength(4);
    expect(problems.join("\n")).toContain("ORCHESTRATOR_PORT: must be a whole number, not 'many'");
    expect(problems.join("\n")).not.toContain("short secret");
  });

  it("prefers CLAUDE_API_KEY over ANTHROPIC_API_KEY, and the real model when there is a key", () => {
    const config = loadConfig({ CLAUDE_API_KEY: "key-one-11", ANTHROPIC_API_KEY: "key-two-22" });
    expect(config.apiKey).toBe("key-one-11");
    expect(config.replayScenario).toBeNull();
  });

  it("takes a scenario even when there is a key", () => {
    expect(
      loadConfig({ CLAUDE_API_KEY: "key-one-11", MOSAIC_MODEL_UPSTREAM: "replay:tour" }).replayScenario,
    ).toBe("tour");
  });

  it("refuses the real model without a key", () => {
    expect(problemsOf({ MOSAIC_MODEL_UPSTREAM: "anthropic" })[0]).toContain("CLAUDE_API_KEY is not set");
  });

  it("takes Valkey and PostgreSQL together, and refuses one without the other", () => {
    const both = { VALKEY_URL: "rediss://cache:6379", DATABASE_URL: "postgres://db/x" };
    expect(loadConfig(both)).toMatchObject({
      valkeyUrl: "rediss://cache:6379",
      databaseUrl: "postgres://db/x",
    });
    expect(problemsOf({ VALKEY_URL: both.VALKEY_URL })[0]).toContain("DATABASE_URL is not");
    expect(problemsOf({ DATABASE_URL: both.DATABASE_URL })[0]).toContain("VALKEY_URL is not");
  });

  it("reads Valkey's host and port where there is no URL, which wins", () => {
    const env = { DATABASE_URL: "postgres://db/x", VALKEY_HOST: "::1", VALKEY_PORT: "7000" };
    expect(loadConfig(env).valkeyUrl).toBe("redis://[::1]:7000");
    expect(loadConfig({ ...env, VALKEY_URL: "redis://other" }).valkeyUrl).toBe("redis://other");
    expect(loadConfig({}).valkeyUrl).toBeUndefined();
  });

  it("reads git logins as host, user and token file, and names the one that is wrong", () => {
    const env = { MOSAIC_GIT_CREDENTIALS: "github.com=x-access-token:/etc/t1, git.example=bot:/etc/t2" };
    expect(loadConfig(env).gitCredentials).toEqual([
      { host: "github.com", username: "x-access-token", tokenFile: "/etc/t1" },
      { host: "git.example", username: "bot", tokenFile: "/etc/t2" },
    ]);
    expect(problemsOf({ MOSAIC_GIT_CREDENTIALS: "github.com=secret" })[0]).toContain("host=user:/path");
  });

  it("treats an empty variable as not set", () => {
    expect(loadConfig({ ORCHESTRATOR_PORT: "" }).orchestratorPort).toBe(3001);
  });
});

describe("configurationReference", () => {
  it("names every variable", () => {
    const page = configurationReference();
    for (const definition of Object.values(VARIABLES)) {
      for (const name of definition.names) expect(page).toContain(`\`${name}\``);
    }
  });
});

describe("readPlaneStart", () => {
  it("prefers the service token, and says what is missing otherwise", () => {
    const env = { MOSAIC_ADMIN_TOKEN: "an-admin-token-1234", MOSAIC_SERVICE_TOKEN: "a-service-token-123" };
    expect(readPlaneStart(env, "for x")).toMatchObject({ token: "a-service-token-123" });
    expect(readPlaneStart({ MOSAIC_ADMIN_TOKEN: "an-admin-token-1234" }, "x")).toMatchObject({
      token: "an-admin-token-1234",
    });
    expect(readPlaneStart({}, "for x")).toContain("must be set: for x");
    expect(readPlaneStart({ YOLO_MODE: "perhaps" }, "for x")).toContain("YOLO_MODE");
  });
});
