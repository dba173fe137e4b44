import { chmod, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PriceTable } from "@mosaic/domain";
import type { BudgetLimits, UsageLedger } from "@mosaic/store";
import type { Logger, Metrics } from "@mosaic/telemetry";
import { createCheck } from "./check.ts";
import { createTurnCounter } from "./count-turns.ts";
import { assertFits, openDoor, SOCKET_NAME, socketPathOf } from "./door.ts";
import { createHandler } from "./handle.ts";
import { createLine } from "./line.ts";
import type { AgentDoor, ModelGateway, ModelRefusal } from "./port.ts";
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
  readonly ledger: Pick<UsageLedger, "reserve" | "settle" | "release" | "settleAbandoned">;
  /** Whose reservations these are: the same after a restart, so that a start settles what the last process left. */
  readonly owner: string;
  /** In US dollars; a scope that is not named has no limit. */
  readonly limits: BudgetLimits;
  /** Requests to the API under way at a time. */
  readonly concurrency: number;
  /** Milliseconds that one request may wait for its turn. */
  readonly waitMs: number;
  /** Milliseconds that one request waits for a ledger that cannot be reached. Default: not at all. */
  readonly patienceMs?: number;
  /** Milliseconds without a byte after which an answer counts as broken off. */
  readonly idleMs: number;
  /** In [0, 1). */
  readonly random: () => number;
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
  await settleAbandoned(options);
  const upstream = await openUpstream(options);
  const settlement = createSettlement({ ...options, patienceMs: options.patienceMs ?? 0 });
  const clock = (): number => performance.now();
  const line = createLine({ concurrency: options.concurrency, clock, random: options.random });
  const check = createCheck(upstream, now, () => line.state());
  const maxBodyBytes = options.maxBodyBytes ?? MAX_BODY_BYTES;
  const doors = new Map<string, Promise<AgentDoor>>();

  return {
    upstream: upstream.name,
    scripted: upstream.scripted,
    models,
    check,
    traffic: () => line.state(),
    list: () => [...doors.keys()],
    async open(request) {
      const { agentId, model } = request;
      if (!models.includes(model)) throw new Error(`the model ${model} is not one of ${models.join(", ")}`);
      if (doors.has(agentId)) throw new Error(`agent ${agentId} already has a gateway socket`);
      let final: ModelRefusal | null = null;
      const turns = createTurnCounter(request.maxTurns);
      const door = openDoor({
        socketPath: socketPathOf(socketDir, agentId),
        handler: createHandler({
          door: request,
          turns,
          upstream,
          settlement,
          line,
          prices: options.prices,
          waitMs: options.waitMs,
          clock,
          maxTokensLimit,
          maxBodyBytes,
          log,
          onFinal: (refusal) => {
            final = refusal;
          },
        }),
        log,
        finalRefusal: () => final,
        beginPrompt: turns.begin,
        onRevoked: () => doors.delete(agentId),
      });
      doors.set(agentId, door);
      door.catch(() => doors.delete(agentId));
      return door;
    },
    async close() {
      await Promise.allSettled([...doors.values()].map(async (door) => (await door).revoke()));
      // Folders that could not be removed when their door was revoked: the disk was read-only, say.
      await removeLeftovers(socketDir).catch((err: unknown) =>
        log.error({ err }, "sockets were left behind"),
      );
      await settlement.idle();
      await upstream.close();
    },
  };
}

/** What the last process had reserved counts as spent: nobody knows how much of it was used. */
async function settleAbandoned({ ledger, owner, now, log }: ModelGatewayOptions): Promise<void> {
  const settled = await ledger.settleAbandoned(owner, now().toISOString());
  if (settled > 0)
    log.warn(
      { settled },
      "model requests of the last process were cut off; they count with all they had reserved",
    );
}

/** Removes the sockets of a former process. One process owns the folder: the data folder is locked. */
async function removeLeftovers(socketDir: string): Promise<void> {
  for (const name of await readdir(socketDir)) {
    const holds = await readdir(join(socketDir, name)).catch((): string[] => []);
    if (holds.includes(SOCKET_NAME)) await rm(join(socketDir, name), { recursive: true, force: true });
  }
}
