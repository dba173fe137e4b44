import { describe, expect, it } from "vitest";
import { ENVIRONMENT_MAX_BYTES, imageRefusal, parseEnvironment } from "./environment.ts";

const parse = (value: unknown) => parseEnvironment(JSON.stringify(value));

describe("a base branch's environment", () => {
  it("is empty when there is no file", () => {
    expect(parseEnvironment(null)).toEqual({ ok: true, environment: {} });
  });

  it("names an image, commands, their inputs, and what tasks may reach", () => {
    const environment = {
      image: "mosaic-agent:latest",
      prepare: ["npm ci"],
      inputs: ["tools/versions.txt"],
      egress: ["api.example.com:443"],
    };
    expect(parse(environment)).toEqual({ ok: true, environment });
  });

  it.each([
    ["a misspelt key", { imgae: "x" }],
    ["a host without a port", { egress: ["api.example.com"] }],
    ["a wildcard", { egress: ["*.example.com:443"] }],
    ["a host with a zero byte", { egress: ["a\0.example.com:443"] }],
    ["an input outside of the tree", { inputs: ["../secret"] }],
    ["an absolute input", { inputs: ["/etc/passwd"] }],
    ["a command that is empty", { prepare: [" "] }],
    ["no commands", { prepare: [] }],
    ["too many commands", { prepare: Array.from({ length: 51 }, () => "true") }],
    ["something else", ["image"]],
  ])("is refused with %s", (_what, value) => {
    expect(parse(value)).toMatchObject({ ok: false, reason: expect.stringContaining("is not valid") });
  });

  it("is refused when it is no JSON, or too large", () => {
    expect(parseEnvironment("{")).toMatchObject({ ok: false });
    expect(parseEnvironment(" ".repeat(ENVIRONMENT_MAX_BYTES + 1))).toMatchObject({
      ok: false,
      reason: expect.stringContaining("larger"),
    });
  });
});

describe("an image", () => {
  const here = { sandbox: "docker", takesImages: true, images: ["mosaic-agent:latest"] };

  it("is used when the owner named it, exactly", () => {
    expect(imageRefusal("mosaic-agent:latest", here)).toBeNull();
    expect(imageRefusal("mosaic-agent", here)).toContain("MOSAIC_IMAGES");
    expect(imageRefusal("registry.example.com/evil:latest", here)).toContain("MOSAIC_IMAGES");
  });

  it("is never left out silently where the sandbox has none", () => {
    const bubblewrap = { ...here, sandbox: "bubblewrap", takesImages: false };
    expect(imageRefusal("mosaic-agent:latest", bubblewrap)).toContain("bubblewrap");
    expect(imageRefusal(undefined, bubblewrap)).toBeNull();
  });
});
