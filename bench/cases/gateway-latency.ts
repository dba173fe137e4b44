import { join } from "node:path";
import { DEFAULT_PRICES } from "@mosaic/domain";
import { createReplayServer } from "@mosaic/replay";
import { openSqliteStore } from "@mosaic/store";
import { createLogger } from "@mosaic/telemetry";
import { Agent, request } from "undici";
import { createModelGateway } from "../../apps/orchestrator/src/gateway/create-model-gateway.ts";
import { type BenchCase, median, timed } from "../measure.ts";
import { inTemporaryFolder } from "../temporary-folder.ts";

const REQUESTS = 400;
const MODEL = "claude-sonnet-5-5";
const BODY = JSON.stringify({
  model: MODEL,
  max_tokens: 1000,
  messages: [{ role: "user", content: "x".repeat(8000) }],
});

async function ask(url: string, dispatcher: Agent): Promise<void> {
  const headers = {
    "content-type": "application/json",
    "x-api-key": "none",
    "anthropic-version": "2026-10-21",
  };
  const answer = await request(`${url}/v1/messages`, { method: "POST", headers, body: BODY, dispatcher });
  await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`the model answered ${answer.statusCode}`);
}

export const gatewayLatency: BenchCase = {
  name: "gateway",
  run: () =>
    inTemporaryFolder(async (folder) => {
      const store = await openSqliteStore({ file: join(folder, "mosaic.db") });
      const upstream = await createReplayServer({ scenario: "tour" });
      const gateway = await createModelGateway({
        apiKey: "bench-key",
        baseUrl: upstream.url,
        replayScenario: null,
        models: [MODEL],
        maxTokensLimit: 1000,
        prices: DEFAULT_PRICES,
        socketDir: join(folder, "run"),
        ledger: store.usage,
        owner: "bench",
        limits: { instance: 1_000_000 },
        concurrency: 16,
        waitMs: 60_000,
        idleMs: 60_000,
        random: Math.random,
        now: () => new Date(),
        log: createLogger({ name: "bench", level: "silent", redact: (text) => text }),
      });
      const door = await gateway.open({
        agentId: "a",
        taskId: "t",
        repository: "r",
        model: MODEL,
        taskBudgetUsd: null,
        maxTurns: null,
        onUsage: () => {},
      });
      const direct = new Agent();
      const through = new Agent({ connect: { socketPath: door.socketPath } });
      const bare: number[] = [];
      const ours: number[] = [];
      // In turn, so that both see the same machine.
      for (let index = 0; index < REQUESTS; index += 1) {
        bare.push(await timed(() => ask(upstream.url, direct)));
        ours.push(await timed(() => ask("http://localhost", through)));
      }
      await Promise.all([direct.close(), through.close()]);
      await gateway.close();
      await upstream.close();
      await store.close();
      return [
        {
          what: "gateway: added to a request of 8 kB, p50",
          value: median(ours) - median(bare),
          unit: "ms",
          floor: null,
          bar: { at: "most", of: "value", limit: 1 },
        },
      ];
    }),
};
