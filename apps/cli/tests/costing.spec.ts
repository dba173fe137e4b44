import { afterEach, beforeEach, expect, it } from "vitest";
import { type CommandLine, createCommandLine } from "./command-line.ts";
import { type ScriptedOrchestrator, startScriptedOrchestrator } from "./scripted-orchestrator.ts";

const USAGE = {
  requests: 3,
  inputTokens: 900,
  outputTokens: 40,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  cacheReadTokens: 0,
  costUsd: 0.5,
};
const BUDGET = { spentUsd: 0.5, reservedUsd: 0, limitUsd: 0.5, remainingUsd: 0 };

let server: ScriptedOrchestrator;
let cli: CommandLine;

beforeEach(async () => {
  server = await startScriptedOrchestrator({
    handlers: {
      getCosts: ({ query }) => ({
        by: query.by,
        since: query.since ?? null,
        items: [{ ...USAGE, key: "2026-11-20", budget: BUDGET }],
        total: USAGE,
        instance: { ...BUDGET, limitUsd: null, remainingUsd: null },
        today: BUDGET,
      }),
    },
  });
  cli = createCommandLine({ MOSAIC_URL: server.url, MOSAIC_TOKEN: server.token });
});
afterEach(async () => {
  cli.dispose();
  await server.close();
});

it("mosaic costs shows what was spent by day, and what the limits leave", async () => {
  const { code, stdout } = await cli.run(["costs"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^DAY +REQUESTS +IN +OUT +COST +HELD +LEFT$/m);
  expect(stdout).toMatch(/^2026-11-20 +3 +900 +40 +\$0\.5000 +\$0\.00 of \$0\.5000$/m);
  expect(stdout).toMatch(/^today +\$0\.5000 spent, \$0\.00 of \$0\.5000 left$/m);
  expect(stdout).toMatch(/^instance +\$0\.5000 spent, no limit$/m);
});

it("mosaic costs asks for what it is told to, and gives the API's own shape with --json", async () => {
  const { stdout } = await cli.run([
    "costs",
    "--by",
    "task",
    "--since",
    "2026-11-01",
    "--limit",
    "5",
    "--json",
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ by: "task", since: "2026-11-01" });
  expect(server.calls.at(-1)).toMatchObject({ route: "getCosts", query: { limit: 5 } });
});

it.each([
  [["--by", "model"], /--by/],
  [["--since", "yesterday"], /date like/],
  [["--limit", "0"], /whole number/],
])("mosaic costs %s is a wrong command line", async (args, says) => {
  const { code, stderr } = await cli.run(["costs", ...args]);
  expect(code).toBe(2);
  expect(stderr).toMatch(says);
});
