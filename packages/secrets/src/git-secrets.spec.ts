import { describe, expect, it } from "vitest";
import { createGitSecretsRules, PatternError } from "./git-secrets.ts";

describe("patterns of git-secrets", () => {
  const rules = createGitSecretsRules({
    patterns: ["ACME-[0-9]{4}", "[[:alpha:]]+_internal"],
    allowed: ["ACME-0000", "^docs/.*:"],
  });

  it("match whole words, line by line", () => {
    expect(rules.prohibitedLines("a\nkey ACME-1234.\nxACME-1234\nACME-12345\nfoo_internal\n")).toEqual([
      2, 5,
    ]);
  });

  it("are let pass by what was allowed, on path, line and text", () => {
    expect(rules.isAllowed("a.txt", 1, "key ACME-0000")).toBe(true);
    expect(rules.isAllowed("docs/a.md", 7, "key ACME-1234")).toBe(true);
    expect(rules.isAllowed("a.txt", 1, "key ACME-1234")).toBe(false);
  });

  it("that are not understood are refused, so that nothing passes because of them", () => {
    expect(() => createGitSecretsRules({ patterns: ["("], allowed: [] })).toThrow(PatternError);
    expect(() => createGitSecretsRules({ patterns: [], allowed: ["(a)\\1"] })).toThrow("(a)\\1");
  });
});
