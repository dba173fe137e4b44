import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/{src,tests}/**/*.spec.ts", "apps/*/{src,tests}/**/*.spec.ts", "tests/**/*.spec.ts"],
    environment: "node",
    pool: "forks",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
