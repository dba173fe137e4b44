import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCoordinator, type TestCoordinator, verdictOf } from "./coordinator.ts";
import type { Files } from "./repository.ts";

let coordinator: TestCoordinator;
beforeAll(async () => {
  coordinator = await startCoordinator();
});
afterAll(() => coordinator.close());

async function run(scripts: Record<string, string>, files: Files = {}, more: object = {}) {
  const manifest = { name: "it's me", version: "1.2.3", scripts, ...more };
  const commit = coordinator.repository.commit({ "package.json": JSON.stringify(manifest), ...files });
  return verdictOf(await coordinator.check(commit, commit), "tests");
}
const SHOW = "node -p 'JSON.stringify(process.argv.slice(1))' --";

describe("a package.json script as a gate", () => {
  it("runs between its pre and post scripts, and the first failure ends it", async () => {
    const order = await run({ pretest: "echo before", test: "echo test", posttest: "echo after" });
    expect(order.output).toBe("before\ntest\nafter\n");
    const ended = await run({ pretest: "echo before; exit 4", test: "echo test" });
    expect(ended).toMatchObject({ outcome: "failed", exitCode: 4, output: "before\n" });
  });

  it("sees what npm would tell it", async () => {
    const variables = ["npm_lifecycle_event", "npm_package_name", "npm_package_version", "PWD", "INIT_CWD"];
    const test = `printf '%s|' ${variables.map((name) => `"$${name}"`).join(" ")}`;
    expect((await run({ test })).output).toBe("test|it's me|1.2.3|/tree|/tree|");
  });

  it("calls other scripts with their arguments, as npm, pnpm and yarn would", async () => {
    const scripts = { show: SHOW };
    const calls = [
      `npm run show -- a 'b c' "it's"`,
      "npm run show -- --flag",
      "npm run --silent show -- x",
      "pnpm run show --flag",
      "pnpm show y",
      "yarn show --flag z",
    ];
    const verdict = await run({ ...scripts, test: calls.join(" && ") });
    expect(
      verdict.output
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual([["a", "b c", "it's"], ["--flag"], ["x"], ["--flag"], ["y"], ["--flag", "z"]]);
  });

  it("reaches the real npm for everything else, workspaces included", async () => {
    const workspaces = { workspaces: ["packages/*"] };
    const inner = JSON.stringify({ name: "inner", version: "1.0.0", scripts: { test: "echo from inner" } });
    const install = { ".mosaic/gates.json": JSON.stringify({ prepare: { command: "mkdir node_modules" } }) };
    const test = "npm --version && npm test --workspaces --silent && cd packages/inner && npm test --silent";
    const verdict = await run({ test }, { "packages/inner/package.json": inner, ...install }, workspaces);
    expect(verdict).toMatchObject({ outcome: "passed", exitCode: 0 });
    expect(verdict.output).toMatch(/^\d+\.\d+\.\d+\n(?:[^]*from inner\n){2}$/);
  });

  it("finds the dependencies' programs first", async () => {
    const prepare =
      "mkdir -p node_modules/.bin && printf '#!/bin/sh\\necho ours\\n' > node_modules/.bin/tool && chmod +x node_modules/.bin/tool";
    const verdict = await run(
      { test: "tool" },
      { ".mosaic/gates.json": JSON.stringify({ prepare: { command: prepare } }) },
      { dependencies: { tool: "1.0.0" } },
    );
    expect(verdict.output).toBe("ours\n");
  });
});
