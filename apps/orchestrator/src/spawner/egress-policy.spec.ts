import { describe, expect, it } from "vitest";
import { grantEgress, refuseEgress } from "./egress-policy.ts";

const OWNERS = "api.example.com:443";
const REPOSITORYS = "docs.example.com:443";
const policy = { allow: [OWNERS], repositoryAllow: [REPOSITORYS], modelHost: "models.example.com" };

describe("a task that asks for a way out", () => {
  it("is admitted for what the owner names, and for what a base branch may open", () => {
    expect(() => refuseEgress([OWNERS, REPOSITORYS], policy)).not.toThrow();
  });

  it.each(["other.example.com:443", "api.example.com:8443"])("is refused for %s", (target) => {
    expect(() => refuseEgress([OWNERS, target], policy)).toThrow(`${target} is not allowed`);
  });

  it.each(["models.example.com:443", "api.anthropic.com:443"])(
    "is refused for %s, even when a list has come to hold it",
    (target) => {
      expect(() => refuseEgress([target], { ...policy, allow: [target] })).toThrow("where models are");
    },
  );

  it("gets what the owner names without the base branch's word", () => {
    expect(grantEgress([OWNERS, OWNERS], policy, [])).toEqual([OWNERS]);
  });

  it("gets what the base branch opens only within what the owner lets base branches open", () => {
    expect(grantEgress([REPOSITORYS], policy, [REPOSITORYS])).toEqual([REPOSITORYS]);
    expect(() => grantEgress([REPOSITORYS], policy, [])).toThrow("opens");
    expect(() => grantEgress(["evil.example.com:443"], policy, ["evil.example.com:443"])).toThrow("opens");
  });

  it("gets nothing by the base branch alone", () => {
    expect(grantEgress([], policy, [REPOSITORYS])).toEqual([]);
  });
});
