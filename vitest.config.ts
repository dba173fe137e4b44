import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const common = {
  environment: "node",
  pool: "forks",
  testTimeout: 60_000,
  hookTimeout: 60_000,
} as const;

/** Suites of the whole system in which the store matters: they run on Valkey and PostgreSQL, too. */
const BOTH_MODES = [
  "tests/budget.spec.ts",
  "tests/kill.spec.ts",
  "tests/kill-cancel.spec.ts",
  "tests/kill-promised.spec.ts",
  "tests/lifecycle.spec.ts",
  "tests/queue.spec.ts",
  "tests/salvage.spec.ts",
  "tests/stuck.spec.ts",
  "tests/ten-at-once.spec.ts",
  "tests/verdicts.spec.ts",
];

export default defineConfig({
  test: {
    // One less than there are cores, which is the default, leaves a small machine waiting: most tests wait for processes.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      {
        test: {
          ...common,
          name: "embedded",
          include: [
            "packages/*/{src,tests}/**/*.spec.ts",
            "apps/*/{src,tests}/**/*.spec.ts",
            "tests/**/*.spec.ts",
            "load/**/*.spec.ts",
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
