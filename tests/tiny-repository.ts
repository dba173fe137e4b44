import type { FixtureFiles } from "@mosaic/testing";

/** A repository without dependencies, so that gates are quick: one failing test, and a linter of six lines. */
export const TINY_REPOSITORY: FixtureFiles = {
  "package.json": `${JSON.stringify(
    {
      name: "tiny",
      private: true,
      type: "module",
      scripts: {
        typecheck: "node --check src/sum.js",
        lint: "node lint.js",
        test: "node --test",
        coverage:
          "node --test --experimental-test-coverage --test-reporter=lcov --test-reporter-destination=lcov.info",
      },
    },
    null,
    2,
  )}\n`,
  "AGENTS.md": "# tiny\n\nKeep it small.\n",
  ".gitignore": "lcov.info\n",
  "lint.js": [
    'import { readFileSync } from "node:fs";',
    'if (readFileSync("src/sum.js", "utf8").includes("TODO")) {',
    '  console.error("src/sum.js: unfinished work (TODO)");',
    "  process.exit(1);",
    "}",
    "",
  ].join("\n"),
  "src/sum.js": "export function sum(a, b) {\n  return a - b;\n}\n",
  "test/sum.test.js": [
    'import assert from "node:assert/strict";',
    'import test from "node:test";',
    'import { sum } from "../src/sum.js";',
    'test("adds", () => assert.equal(sum(2, 3), 5));',
    "",
  ].join("\n"),
};
