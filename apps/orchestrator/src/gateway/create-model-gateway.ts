import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PriceTable } from "@mosaic/domain";
import type { UsageLedger } from "@mosaic/store";
import type { Logger, Metrics } from "@mosaic/telemetry";
import { createCheck } from "./check.ts";
import { assertFits, openDoor, SOCKET_NAME, socketPathOf } from "./door.ts";
import { createHandler } from "./handle.ts";
import type { AgentDoor, ModelGateway } from "./port.ts";
import { createSettlement } from "./settlement.ts";
import { openUpstream } from "./upstream.ts";

export interface ModelGatewayOptions {
  /** The key of the model's API. It is set on requests to `baseUrl` and goes nowhere else. */
  readonly apiKey?: string | undefined;
  readonly baseUrl: string;
  /** Uses the scripted model, with this scenario, instead of the API. */
  readonly replayScenario: string | null;
  /** Models an agent may be given; the first is the default. */
  readonly models: readonly string[];
  /** Largest `max_tokens` that goes on; larger ones are clamped. */
  readonly maxTokensLimit: number;
  readonly prices: PriceTable;
  /** Folder for the agents' sockets; made, and closed to other users (0700). */
  readonly socketDir: string;
  readonly ledger: UsageLedger;
  readonly metrics?: Pick<Metrics, "tokens" | "cost">;
  readonly now: () => Date;
  readonly log: Pick<Logger, "debug" | "warn" | "error">;
  /** Largest request body, in bytes. Default: the Messages API's own limit, 32 MB. */
  readonly maxBodyBytes?: number;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;

/**
 * The only way from an agent to a model (DESIGN §7). Each agent gets a unix socket, which is its identity.
 * @throws Error when the socket folder's path is too long; ScenarioError when the scenario cannot be used
 */
export async function createModelGateway(options: ModelGatewayOptions): Promise<ModelGateway> {
  const { models, socketDir, maxTokensLimit, log, now } = options;
  if (models.length === 0) throw new Error("the gateway needs at least one model that agents may use");
  assertFits(socketDir);
  await mkdir(socketDir, { recursive: true, mode: 0o700 });
  await chmod(socketDir, 0o700);
  await removeLeftovers(socketDir);
  const upstream = await openUpstream(options);
  const settlement = createSettlement(options);
  const check = createCheck(upstream, now);
  const maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
  const doors = new Map<string, Promise<AgentDoor>>();

  return {
    upstream: upstream.name,
    scripted: upstream.scripted,
    models,
    check,
    list: () => [...doors.keys()],
    async open(request) {
      const { agentId, model } = request;
      if (!models.includes(model)) throw new Error(`the model ${model} is not one of ${models.join(", ")}`);
      if (doors.has(agentId)) throw new Error(`agent ${agentId} already has a gateway socket`);
      const door = openDoor({
        socketPath: socketPathOf(socketDir, agentId),
        handler: createHandler({ door: request, upstream, settlement, maxTokensLimit, maxBodyBytes, log }),
        log,
        onRevoked: () => doors.delete(agentId),
      });
      doors.set(agentId, door);
      door.catch(() => doors.delete(agentId));
      return door;
    },
    async close() {
      await Promise.allSettled([...doors.values()].map(async (door) => (await door).revoke()));
      await settlement.idle();
      await upstream.close();
    },
  };
}

/** Removes the sockets of a former process. One process owns the folder: the data folder is locked. */
async function removeLeftovers(socketDir: string): Promise<void> {
  for (const name of await readdir(socketDir)) {
    const holds = await readdir(join(socketDir, name)).catch((): string[] => []);
    if (holds.includes(SOCKET_NAME)) await rm(join(socketDir, name), { recursive: true, force: true });
  }
}
