import { readFile } from "node:fs/promises";
import type { Config } from "@mosaic/config";
import { DEFAULT_PRICES, type EgressTarget, type PriceTable } from "@mosaic/domain";
import { z } from "zod";
import type { OrchestratorSettings } from "./services.ts";

/** Longest wait between two attempts, in milliseconds. */
const RETRY_CAP_MS = 300_000;

/** The use cases' settings from the configuration. */
export async function readSettings(
  config: Config,
  version: string,
  embedded: boolean,
): Promise<OrchestratorSettings> {
  return {
    version,
    maxConcurrentAgents: config.maxConcurrentAgents,
    queueConcurrency: config.queueConcurrency,
    queueMaxPending: config.queueMaxPending,
    leaseMs: config.leaseSeconds * 1000,
    heartbeatMs: config.heartbeatSeconds * 1000,
    storePatienceMs: config.valkeyUrl === undefined ? null : config.storePatience * 1000,
    agentTimeoutMs: config.agentTimeout * 1000,
    maxTurns: config.maxTurns,
    maxAttempts: config.maxAttempts,
    maxRetries: config.maxRetries,
    retryBaseMs: config.retryBaseMs,
    retryCapMs: RETRY_CAP_MS,
    shutdownGraceMs: config.shutdownGrace * 1000,
    cancelGraceMs: config.cancelGrace * 1000,
    agentSilenceMs: config.agentSilence * 1000,
    agentLoopLimit: config.agentLoopLimit,
    agentDiskBytes: config.agentDiskMb * 1024 * 1024,
    eventsKeep: config.eventsKeep,
    salvageMaxAgeDays: config.salvageMaxAgeDays,
    salvageMaxBytes: config.salvageMaxBytes,
    yolo: config.yolo,
    integrate: config.integrate,
    integrateAttempts: config.integrateAttempts,
    sandboxEnabled: config.sandboxEnabled,
    localRepositories: config.localRepositories,
    embedded,
    memoryMb: config.sandboxMemoryMb,
    maxMemoryMb: config.sandboxMaxMemoryMb,
    egress: {
      allow: config.egressAllow.map(targetText),
      repositoryAllow: config.egressRepositoryAllow.map(targetText),
      modelHost: new URL(config.modelBaseUrl).hostname,
    },
    images: config.images,
    skillsFolder: config.skillsFolder,
    home: config.home,
    budgets: {
      agent: config.budgetAgent,
      task: config.budgetTask,
      repository: config.budgetRepository,
      instance: config.budgetInstance,
      day: config.budgetDay,
    },
    maxOutputTokens: config.maxOutputTokens,
    prices: config.pricesFile === undefined ? DEFAULT_PRICES : await readPrices(config.pricesFile),
  };
}

const targetText = ({ host, port }: EgressTarget): string => `${host}:${port}`;

const Price = z.strictObject({
  input: z.number().min(0),
  output: z.number().min(0),
  cacheWrite5m: z.number().min(0),
  cacheWrite1h: z.number().min(0),
  cacheRead: z.number().min(0),
});
const Prices = z.strictObject({
  version: z.string().min(1),
  models: z.record(z.string(), Price),
  fallback: Price,
});

async function readPrices(file: string): Promise<PriceTable> {
  try {
    return Prices.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (error) {
    throw new Error(
      `MOSAIC_PRICES_FILE: ${file} is not a price table: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
}
