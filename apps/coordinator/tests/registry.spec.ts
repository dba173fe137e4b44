import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCoordinator, type TestCoordinator, verdictOf } from "./coordinator.ts";

/** Published by the registry; the lockfile names no address, so that the configured registry is asked. */
const INTEGRITY =
  "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==";

const manifest = (postinstall: string) => ({
  name: "sample",
  version: "1.0.0",
  scripts: { postinstall, test: "node --test" },
  dependencies: { "is-number": "7.0.0" },
});
const lockfile = (integrity: string) => ({
  name: "sample",
  version: "1.0.0",
  lockfileVersion: 3,
  packages: {
    "": { name: "sample", version: "1.0.0", dependencies: { "is-number": "7.0.0" } },
    "node_modules/is-number": { version: "7.0.0", integrity },
  },
});
const TEST = `const { test } = require("node:test");
const assert = require("node:assert");
test("uses its dependency", () => assert.ok(require("is-number")(7)));
`;

let coordinator: TestCoordinator;
beforeAll(async () => {
  coordinator = await startCoordinator({
    registries: ["registry.npmjs.org"],
    caFile: process.env["NODE_EXTRA_CA_CERTS"],
  });
});
afterAll(() => coordinator.close());

function commit(integrity: string, more: Record<string, string> = {}) {
  return coordinator.repository.commit({
    "package.json": JSON.stringify(manifest("touch ran-postinstall")),
    "package-lock.json": JSON.stringify(lockfile(integrity)),
    "a.test.js": TEST,
    ...more,
  });
}

describe("npm dependencies from the registry", () => {
  it("are installed through the one way out, without running scripts, and tests use them", async () => {
    const base = commit(INTEGRITY);
    const response = await coordinator.check(base, base);
    expect(response.message).toBe("Passed: prepare, tests.");
    expect(verdictOf(response, "prepare").command).toContain("npm ci --ignore-scripts");
    expect(verdictOf(response, "tests")).toMatchObject({ outcome: "passed", metrics: { tests: 1 } });
  });

  it("fail when a package is not what the lockfile says", async () => {
    const base = commit(INTEGRITY.replace("41Cif", "41Cig"));
    const verdict = verdictOf(await coordinator.check(base, base), "prepare");
    expect(verdict.outcome).toBe("failed");
    expect(verdict.output).toContain("EINTEGRITY");
  });

  it("cannot come from a host that is not on the list", async () => {
    const base = commit(INTEGRITY, { ".npmrc": "registry=https://packages.example.com/\nfetch-retries=0\n" });
    const verdict = verdictOf(await coordinator.check(base, base), "prepare");
    expect(verdict.outcome).toBe("failed");
    expect(coordinator.log.join("")).toContain("packages.example.com:443");
  });
});
