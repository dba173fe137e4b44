import { join } from "node:path";
import { DEFAULT_PRICES } from "@mosaic/domain";
import { createLogger } from "@mosaic/telemetry";
import { createModelGateway } from "../../apps/orchestrator/src/gateway/create-model-gateway.ts";
import { MODEL } from "./charging-api.ts";
import { openLedger } from "./open-ledger.ts";

// A model gateway in a process of its own, to be killed:
// `gateway-process.ts <folder> <url> <limit> <agents> <owner> [database url]`.
const [folder = "", baseUrl = "", limit = "", agents = "", owner = "", databaseUrl = ""] =
  process.argv.slice(2);

const store = await openLedger(folder, databaseUrl);
const gateway = await createModelGateway({
  apiKey: "drill-key",
  baseUrl,
  replayScenario: null,
  models: [MODEL],
  maxTokensLimit: 1000,
  prices: DEFAULT_PRICES,
  socketDir: join(folder, owner),
  ledger: store.usage,
  owner,
  limits: { instance: Number(limit), repository: Number(limit) },
  concurrency: 64,
  waitMs: 60_000,
  idleMs: 30_000,
  random: Math.random,
  now: () => new Date(),
  log: createLogger({ name: "drill", level: "silent", redact: (text) => text }),
});
const sockets = await Promise.all(
  Array.from({ length: Number(agents) }, async (_, index) => {
    const onUsage = (): void => undefined;
    const about = {
      taskId: `${owner}-task-${index}`,
      repository: "drill",
      model: MODEL,
      taskBudgetUsd: null,
      maxTurns: null,
      onUsage,
    };
    return (await gateway.open({ agentId: `${owner}-agent-${index}`, ...about })).socketPath;
  }),
);
process.stdout.write(`${JSON.stringify(sockets)}\n`);
// Ends with whoever started it.
process.stdin.on("end", () => process.exit(0)).resume();
