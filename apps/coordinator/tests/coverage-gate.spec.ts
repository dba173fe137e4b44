import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCoordinator, type TestCoordinator, verdictOf } from "./coordinator.ts";
import type { Files } from "./repository.ts";

const lcov = (covered: number, total: number) =>
  `SF:a.js\n${Array.from({ length: total }, (_, line) => `DA:${line + 1},${line < covered ? 1 : 0}\n`).join("")}end_of_record\n`;

let coordinator: TestCoordinator;
beforeAll(async () => {
  coordinator = await startCoordinator();
});
afterAll(() => coordinator.close());

async function coverageOf(command: string, files: Files = {}, coverage: object = {}) {
  const definition = { gates: { coverage: { command } }, coverage };
  const commit = coordinator.repository.commit({
    ".mosaic/gates.json": JSON.stringify(definition),
    ...files,
  });
  const request = { phase: "post-commit", profile: "custom" } as const;
  const response = await coordinator.check(commit, commit, { ...request, gates: ["coverage"] });
  return verdictOf(response, "coverage");
}

describe("the coverage gate", () => {
  it("measures a real run of node's test runner", async () => {
    const run =
      "node --test --experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info";
    const verdict = await coverageOf(run, {
      "package.json": '{"type":"module"}',
      "add.js": "export const add = (a, b) => a + b;\n",
      "add.test.js":
        'import { test } from "node:test"; import { add } from "./add.js"; test("adds", () => add(1, 2));\n',
    });
    expect(verdict).toMatchObject({ outcome: "passed", metrics: { lines: 1, threshold: 0.85 } });
  });

  it("compares with 85 % where the base branch names no threshold, and counts exactly", async () => {
    const files = { enough: lcov(85, 100), short: lcov(84, 100) };
    expect(await coverageOf("mkdir coverage && cp enough coverage/lcov.info", files)).toMatchObject({
      outcome: "passed",
      metrics: { lines: 0.85, covered: 85, total: 100 },
    });
    expect(await coverageOf("mkdir coverage && cp short coverage/lcov.info", files)).toMatchObject({
      outcome: "failed",
      exitCode: 0,
      message: expect.stringContaining("84 % of 100 lines"),
    });
  });

  it("takes threshold and report from the base branch", async () => {
    const settings = { threshold: 0.5, report: "out/report.txt" };
    const verdict = await coverageOf("mkdir out && mv half out/report.txt", { half: lcov(5, 10) }, settings);
    expect(verdict).toMatchObject({ outcome: "passed", metrics: { lines: 0.5, threshold: 0.5 } });
  });

  it.each([
    ["leaves no report", "true", {}, /left no coverage report/],
    [
      "leaves a committed report as it is",
      "true",
      { "coverage/lcov.info": lcov(10, 10) },
      /left no coverage report/,
    ],
    [
      "only touches a committed report",
      "touch lcov.info",
      { "lcov.info": lcov(10, 10) },
      /not a coverage report/,
    ],
    ["leaves a link to a file of the host", "ln -s /etc/passwd lcov.info", {}, /symbolic link/],
    ["reports through a committed link", "true", { coverage: { link: "/etc" } }, /symbolic link/],
    ["leaves a fifo", "mkfifo lcov.info", {}, /not a regular file/],
    ["leaves prose", "echo 'Lines: 100 %' > lcov.info", {}, /not a coverage report/],
    ["counts no lines", "printf 'mode: set\\n' > cover.out", {}, /no line at all/],
  ])("fails a command that %s", async (_, command, files, message) => {
    const verdict = await coverageOf(command, files);
    expect(verdict).toMatchObject({ outcome: "failed", message: expect.stringMatching(message) });
    expect(JSON.stringify(verdict)).not.toContain("root:");
  });

  it("does not look at the report of a command that fails", async () => {
    const verdict = await coverageOf("cp full lcov.info; exit 1", { full: lcov(10, 10) });
    expect(verdict).toMatchObject({ outcome: "failed", exitCode: 1, message: "Exit code 1." });
  });
});
