import { describe, expect, it } from "vitest";
import type { CommitTree } from "../checkout/read-commit.ts";
import { countsItsTests, silentTestFiles } from "./known-runner.ts";
import { settingChanges } from "./tool-settings.ts";
import { testChanges } from "./test-changes.ts";

function tree(files: Record<string, string>, links: readonly string[] = []): CommitTree {
  return {
    commit: "0".repeat(40),
    blobs: new Map(Object.entries(files)),
    links: new Set(links),
    paths: new Set(Object.keys(files)),
    text: (path) => Promise.resolve(files[path] ?? null),
    contents: (paths) => Promise.resolve(paths.map((path) => Buffer.from(files[path] ?? ""))),
  };
}

describe("countsItsTests", () => {
  const scripts = { unit: "vitest run", quiet: "vitest run --reporter=json", loop: "npm run loop" };
  it.each([
    ["node --test", true],
    ["node --experimental-strip-types --test src", true],
    ["npx vitest run && echo done", true],
    ["./node_modules/.bin/jest", true],
    ["python3 -m pytest -q", true],
    ["python3 -m unittest discover", true],
    ["go test ./...", true],
    ["cargo test --workspace", true],
    ["npm run -s unit", true],
    ["pnpm unit", true],
    ["npm run quiet", false],
    ["npm run loop", false],
    ["npm run constructor", false],
    ["node --test --test-reporter=lcov", false],
    ["vitest run > log", false],
    ["pytest -qq", false],
    ["make test", false],
    ["node tests.js", false],
  ])("%s: %s", (command, expected) => {
    expect(countsItsTests(command, scripts)).toBe(expected);
  });
});

describe("silentTestFiles", () => {
  const using = 'import test from "node:test"; test("x", () => {});';
  it("names files that report as one test although they hold tests, in either reporter's words", async () => {
    const trees = { base: tree({ "test/a.test.js": using }), commit: tree({ "test/a.test.js": "" }) };
    expect(await silentTestFiles("✔ test/a.test.js (3.2ms)\nℹ tests 1\n", trees)).toEqual(["test/a.test.js"]);
    expect(await silentTestFiles("ok 1 - /tree/test/a.test.js\n", trees)).toEqual(["test/a.test.js"]);
    expect(await silentTestFiles("ok 1 - a.test.js\n", trees)).toEqual(["test/a.test.js"]);
  });

  it("says nothing of plain scripts and of real tests", async () => {
    const files = tree({ "test/plain.js": "assert(true)", "test/a.test.js": using });
    const printed = "✔ test/plain.js (3.2ms)\n✔ adds (1ms)\nok 3 - test/gone.js\n";
    expect(await silentTestFiles(printed, { base: files, commit: files })).toEqual([]);
  });

  it("takes linear time on hostile output", async () => {
    const files = tree({ "a.test.js": using });
    const printed = [`✔ ${"a.js (1".repeat(100_000)}`, `ok 1 - ${" (".repeat(200_000)}`].join("\n");
    expect(await silentTestFiles(printed, { base: files, commit: files })).toEqual([]);
  });
});

describe("testChanges", () => {
  it("tells of tests that are gone, left out, run alone, or cut short", async () => {
    const base = tree({
      "test/a.test.js": 'test("x", () => {});\ntest("y", () => {});\n',
      "test/gone.test.js": 'test("z", () => {});\n',
      "test_b.py": "def test_one():\n  pass\n",
      "src/a.js": "test(1); test(2);",
    });
    const commit = tree({
      "test/a.test.js": 'test.only("x", () => {});\nprocess.exit(0);\n',
      "test_b.py": "import pytest\n@pytest.mark.skip\ndef test_one():\n  pass\n",
      "src/a.js": "",
    });
    expect(await testChanges(base, commit)).toEqual([
      "The commit deletes test files: test/gone.test.js.",
      '"test/a.test.js" declares 1 tests where the base branch has 2, runs some tests alone (only), ends the runner\'s process.',
      '"test_b.py" leaves out 1 more tests (skip, todo).',
    ]);
    expect(await testChanges(base, base)).toEqual([]);
  });

  it.each(["test(", "it.only.", "{ skip", "#[", "def test", "  ", "only : "])(
    "takes linear time on '%s' over and over",
    async (text) => {
      const hostile = { "a.test.js": text.repeat(200_000) };
      expect(await testChanges(tree({ "a.test.js": "" }), tree(hostile))).toBeDefined();
    },
  );
});

describe("settingChanges", () => {
  it("names what decides about a gate's tool, links included", () => {
    const base = tree({ "eslint.config.js": "strict", "tsconfig.json": "{}", "vitest.config.ts": "x" });
    const commit = tree({ "eslint.config.js": "lax", "tsconfig.json": "{}", "pkg/.mocharc.yml": "x" }, [
      "conftest.py",
    ]);
    expect(settingChanges("lint", base, commit)).toEqual(["eslint.config.js"]);
    expect(settingChanges("typecheck", base, commit)).toEqual([]);
    expect(settingChanges("tests", base, commit)).toEqual([
      "vitest.config.ts",
      "pkg/.mocharc.yml",
      "conftest.py",
    ]);
    expect(settingChanges("review", base, commit)).toEqual([]);
  });
});
