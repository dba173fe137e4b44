import { describe, expect, it } from "vitest";
import { NOTHING_DETECTED, plainCommand } from "../detect/gate-command.ts";
import { coverageThreshold, parseDefinition } from "./definition.ts";
import { planGates } from "./plan.ts";

const request = (definition: string | null) => ({
  gates: ["typecheck", "lint", "tests", "coverage", "review"] as const,
  definition: parseDefinition(definition),
  detection: { ...NOTHING_DETECTED, commands: { tests: plainCommand("npm test", "package.json") } },
  defaultTimeoutMs: 600_000,
});

describe("parseDefinition", () => {
  it("takes a repository without one", () => {
    expect(parseDefinition(null)).toEqual({ ok: true, definition: {} });
  });

  it.each([
    ["no JSON", "{", /not JSON/],
    ["an unknown gate", '{"gates":{"linter":{"command":"x"}}}', /gates/],
    ["a misspelt key", '{"gates":{"lint":{"comand":"x"}}}', /comand/],
    ["a command and a reason to skip", '{"gates":{"lint":{"command":"x","skip":"y"}}}', /keep one/],
    ["an empty reason to skip", '{"gates":{"lint":{"skip":" "}}}', /skip/],
    ["a report outside of the tree", '{"coverage":{"report":"../x"}}', /inside the repository/],
    ["a report at an absolute path", '{"coverage":{"report":"/etc/passwd"}}', /inside the repository/],
    ["a threshold that is a percentage", '{"coverage":{"threshold":85}}', /threshold/],
    ["a list", "[]", /expected object/],
  ])("refuses %s", (_, text, reason) => {
    const parsed = parseDefinition(text);
    expect(parsed.ok ? "" : parsed.reason).toMatch(reason);
  });

  it("has the owner's threshold when the file names none", () => {
    expect(coverageThreshold({})).toBe(0.85);
    expect(coverageThreshold({ coverage: { threshold: 0.5 } })).toBe(0.5);
  });
});

describe("planGates", () => {
  it("turns every gate into an error when the file is not valid", () => {
    const plans = planGates(request("{"));
    expect(plans).toHaveLength(5);
    expect(plans.every((plan) => plan.kind === "settled" && plan.outcome === "error")).toBe(true);
  });

  it("runs what was detected, and reports a gate without a command as missing with a remedy", () => {
    const [typecheck, , tests, , review] = planGates(request(null));
    expect(tests).toMatchObject({ kind: "run", command: { script: "npm test" }, timeoutMs: 600_000 });
    expect(typecheck).toMatchObject({ outcome: "missing", message: expect.stringContaining('"skip"') });
    expect(review).toMatchObject({ outcome: "missing", message: expect.stringContaining("not available") });
  });

  it("prefers the base branch's word: command, time, skip, threshold and report", () => {
    const file = {
      gates: {
        tests: { command: "make check", timeoutSeconds: 5 },
        lint: { skip: "no linter for this language" },
        coverage: { command: "make cov" },
      },
      coverage: { threshold: 0.5, report: "out/lcov.info" },
    };
    const [, lint, tests, coverage] = planGates(request(JSON.stringify(file)));
    expect(tests).toMatchObject({ command: { command: "make check" }, timeoutMs: 5000 });
    expect(lint).toMatchObject({ outcome: "skipped", message: expect.stringContaining("no linter for") });
    expect(coverage).toMatchObject({ coverage: { threshold: 0.5, report: "out/lcov.info" } });
  });
});
