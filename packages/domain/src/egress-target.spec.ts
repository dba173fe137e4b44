import { describe, expect, it } from "vitest";
import { isModelHost, parseEgressTarget } from "./egress-target.ts";

describe("a target", () => {
  it("is a host name and a port", () => {
    expect(parseEgressTarget("api.example.com:8443")).toEqual({ host: "api.example.com", port: 8443 });
  });

  it.each([
    "api.example.com",
    "api.example.com:0",
    "api.example.com:65536",
    "api.example.com:0443",
    "API.example.com:443",
    "*.example.com:443",
    "localhost:443",
    "127.0.0.1:443",
    "[::1]:443",
    "0x7f.1:443",
    "a.example.com\0.b.example.com:443",
    "api.example.com.:443",
    "https://api.example.com:443",
    "user@api.example.com:443",
    "api.example.com:443\n",
    "-a.example.com:443",
    `${"a".repeat(60)}.${"b".repeat(60)}.${"c".repeat(60)}.${"d".repeat(60)}.${"e".repeat(20)}.com:443`,
    "",
  ])("is not %j", (text) => {
    expect(parseEgressTarget(text)).toBeNull();
  });
});

describe("a model's host", () => {
  it.each([
    "api.anthropic.com",
    "anthropic.com",
    "api.openai.com",
    "my-resource.openai.azure.com",
    "bedrock-runtime.eu-west-1.amazonaws.com",
    "europe-west4-aiplatform.googleapis.com",
  ])("is %s", (host) => {
    expect(isModelHost(host)).toBe(true);
  });

  it("is the one this installation is configured with", () => {
    expect(isModelHost("models.example.com")).toBe(false);
    expect(isModelHost("models.example.com", "models.example.com")).toBe(true);
  });

  it.each(["notanthropic.com", "anthropic.com.example.org", "registry.npmjs.org"])("is not %s", (host) => {
    expect(isModelHost(host)).toBe(false);
  });
});
