import { defineConfig } from "vitest/config";

const common = {
  environment: "node",
  pool: "forks",
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const;

/** Suites of the whole system that run on Valkey and PostgreSQL, too; the others do not touch the store's engine. */
const BOTH_MODES = [
  "tests/bad-input.spec.ts",
  "tests/budget.spec.ts",
  "tests/coordinator-gone.spec.ts",
  "tests/kill*.spec.ts",
  "tests/lifecycle.spec.ts",
  "tests/moving-base.spec.ts",
  "tests/overlap.spec.ts",
  "tests/queue.spec.ts",
  "tests/salvage.spec.ts",
  "tests/stuck.spec.ts",
  "tests/ten-at-once.spec.ts",
  "tests/verdicts.spec.ts",
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          name: "embedded",
          include: [
            "packages/*/{src,tests}/**/*.spec.ts",
            "apps/*/{src,tests}/**/*.spec.ts",
            "tests/**/*.spec.ts",
          ],
        },
      },
      {
        test: {
          ...common,
          name: "distributed",
          include: BOTH_MODES,
          env: { MOSAIC_TEST_MODE: "distributed" },
          globalSetup: ["tests/start-postgres.ts"],
        },
      },
    ],
  },
});
