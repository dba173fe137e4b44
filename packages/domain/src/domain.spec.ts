import { describe, expect, it } from "vitest";
import {
  AGENT_STATES,
  assertAgentMove,
  assertTaskMove,
  backoffMs,
  branchName,
  BRANCH_PATTERN,
  canAgentMove,
  costUsd,
  DEFAULT_PRICES,
  defaultProfile,
  gatesInPhase,
  hasRetryLeft,
  IllegalTransitionError,
  isAgentTerminal,
  NO_USAGE,
  parseRepository,
  priceOf,
  profileGates,
  TASK_ID_PATTERN,
  TASK_STATES,
} from "./index.ts";

describe("the agent's transition table", () => {
  it("lets an agent run, and end in one of three ways", () => {
    const moves = AGENT_STATES.flatMap((from) =>
      AGENT_STATES.filter((to) => canAgentMove(from, to)).map((to) => `${from}>${to}`),
    );
    expect(moves).toEqual([
      "spawning>running",
      "spawning>failed",
      "spawning>killed",
      "running>completed",
      "running>failed",
      "running>killed",
    ]);
    expect(AGENT_STATES.filter(isAgentTerminal)).toEqual(["completed", "failed", "killed"]);
  });

  it("names the state that was found when it refuses", () => {
    expect(() => assertAgentMove("a", "completed", "killed")).toThrow(
      expect.objectContaining({ current: "completed", wanted: "killed", name: "IllegalTransitionError" }),
    );
  });
});

describe("the task's transition table", () => {
  it("sends a task back to pending for a retry, never out of an end", () => {
    expect(() => assertTaskMove("t", "executing", "pending")).not.toThrow();
    for (const to of TASK_STATES)
      expect(() => assertTaskMove("t", "failed", to)).toThrow(IllegalTransitionError);
  });
});

describe("backoffMs", () => {
  const policy = { maxRetries: 3, baseMs: 1000, capMs: 60_000 };

  it("doubles, spreads over the upper half, and stops at the cap", () => {
    expect(backoffMs(1, policy, 0)).toBe(500);
    expect(backoffMs(1, policy, 0.999_999)).toBe(1000);
    expect(backoffMs(3, policy, 0)).toBe(2000);
    expect(backoffMs(30, policy, 0.999_999)).toBe(60_000);
  });

  it("counts the first attempt apart from the retries", () => {
    expect(hasRetryLeft(3, policy)).toBe(true);
    expect(hasRetryLeft(4, policy)).toBe(false);
  });
});

describe("gate profiles", () => {
  it("are those of ORCH-124", () => {
    expect(defaultProfile("worker")).toBe("standard");
    expect(defaultProfile("reviewer")).toBe("strict");
    expect(defaultProfile("tester")).toBe("minimal");
    expect(profileGates("minimal")).toEqual(["tests"]);
    expect(profileGates("custom", ["build", "lint"])).toEqual(["lint", "build"]);
    expect(gatesInPhase(profileGates("standard"), "pre-commit")).toEqual(["typecheck", "lint", "tests"]);
    expect(gatesInPhase(profileGates("standard"), "post-commit")).toEqual(["coverage"]);
  });
});

describe("prices", () => {
  it("finds a dated id, prefers the longer name, and never prices an unknown one below a known one", () => {
    expect(priceOf("claude-haiku-4-5-20251001", DEFAULT_PRICES).input).toBe(1);
    expect(priceOf("claude-sonnet-5-5", DEFAULT_PRICES).cacheRead).toBe(0.1);
    const unknown = priceOf("claude-next-9", DEFAULT_PRICES);
    for (const known of Object.values(DEFAULT_PRICES.models))
      expect(unknown.output).toBeGreaterThanOrEqual(known.output);
  });

  it("adds up the classes of tokens", () => {
    const usage = { ...NO_USAGE, inputTokens: 1_000_000, cacheReadTokens: 1_000_000 };
    expect(costUsd("claude-sonnet-5-5", usage, DEFAULT_PRICES)).toBeCloseTo(2.1);
  });
});

describe("names", () => {
  it("make a branch of any acceptable task id", () => {
    const id = "0f3c2b1a-0000-4000-8000-000000000000";
    expect(branchName(id, "Fix_the.Bug")).toBe("mosaic/fix-the-bug-0f3c2b1a");
    expect(branchName(id, "a..lock")).toMatch(BRANCH_PATTERN);
  });

  it.each(["", "-x", "a/b", "a b", "a\nb", "x".repeat(65), "../x"])("refuse the task id %j", (id) => {
    expect(id).not.toMatch(TASK_ID_PATTERN);
  });

  it.each(["--upload-pack=x", "a..b", "a b", "x;rm", "$(id)", "a/", "a.lock", "a//b", "/a", "a@{1}", "a/.b"])(
    "refuse the branch %j",
    (name) => {
      expect(name).not.toMatch(BRANCH_PATTERN);
    },
  );
});

describe("parseRepository", () => {
  it.each([
    ["https://github.com/o/r.git", "https", "github.com"],
    ["ssh://git@host.example/o/r", "ssh", "host.example"],
    ["git@github.com:o/r.git", "ssh", "github.com"],
    ["/srv/git/r.git/", "local", ""],
  ])("reads %s", (text, kind, host) => {
    expect(parseRepository(text)).toMatchObject({ kind, host });
  });

  it.each([
    ["https://user:secret@host.example/r", "invalid_repository"],
    ["https://10.0.0.1/r", "invalid_repository"],
    ["https://0x7f.1/r", "invalid_repository"],
    ["https://[::1]/r", "invalid_repository"],
    ["ssh://2130706433/r", "invalid_repository"],
    ["https://host.example/", "invalid_repository"],
    ["https://host.example/r?x=1", "invalid_repository"],
    ["--upload-pack=touch /tmp/x", "invalid_repository"],
    ["../r", "invalid_repository"],
    ["/srv/../etc", "invalid_repository"],
    ["https://host.example/r\n", "invalid_repository"],
    ["", "invalid_repository"],
    ["ext::sh -c id", "repository_scheme_refused"],
    ["fd::7", "repository_scheme_refused"],
    ["file:///srv/r", "repository_scheme_refused"],
    ["http://host.example/r", "repository_scheme_refused"],
    ["git://host.example/r", "repository_scheme_refused"],
  ])("refuses %j", (text, code) => {
    expect(parseRepository(text)).toMatchObject({ code });
  });
});
