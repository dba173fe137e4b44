import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Config, heldSecrets } from "@mosaic/config";
import { createGit, createRemotes, type Git } from "@mosaic/git";
import { type Sandbox, toolchainMounts } from "@mosaic/sandbox";
import { createFileScanner, createScanner, type KnownSecret } from "@mosaic/secrets";
import { createMetrics } from "@mosaic/telemetry";
import { createQualityGates } from "./coordinator/client.ts";
import { createModelGateway } from "./gateway/create-model-gateway.ts";
import type { ModelGateway } from "./gateway/port.ts";
import { createWorkspaces } from "./git/create-workspaces.ts";
import type { Workspaces } from "./git/port.ts";
import { createSdkWorkerRuntime } from "./runtimes/create-sdk-worker-runtime.ts";
import type { Runtime } from "./runtimes/port.ts";
import type { OrchestratorOptions } from "./options.ts";
import type { OrchestratorSettings, Services } from "./services.ts";
import { readSettings } from "./settings.ts";
import { redactingAudit, redactingState } from "./secrets/redact-records.ts";
import { MAX_SCANNED_BYTES } from "./secrets/scan-snapshot.ts";
import { createTripWire } from "./secrets/trip-wire.ts";
import { createExecutionRegistry } from "./spawner/registry.ts";
import { createReach, type Reach } from "./spawner/step-points.ts";
import { unavailableSandbox } from "./spawner/unavailable-sandbox.ts";

const MEBIBYTE = 1024 * 1024;
/** Shorter values would be found in ordinary text. */
const SHORTEST_KNOWN = 8;

/** Builds every adapter once: what the use cases work with. */
export async function wire(options: OrchestratorOptions): Promise<{
  readonly services: Services;
  readonly git: Git;
  /** Workspaces in another data folder, of an orchestrator that is gone. */
  readonly openWorkspaces: (home: string) => Promise<Workspaces>;
}> {
  const { config, data, logger, coordinator } = options;
  const settings = await readSettings(config, options.version, options.embedded ?? true);
  const metrics = createMetrics({
    name: "mosaic-orchestrator",
    version: options.version,
    processMetrics: true,
  });
  const sandbox = options.sandbox.ok
    ? options.sandbox.sandbox
    : unavailableSandbox(options.sandbox.problem, options.sandbox.remedy);
  const git = createGit({ home: join(data.home, "git-home") });
  const reach = createReach({
    crashAt: config.crashAt,
    trace: (point) => logger.trace({ point }, "step"),
  });
  if (config.crashAt !== undefined)
    logger.warn(`a drill: this process kills itself at ${config.crashAt} (MOSAIC_CRASH_AT)`);
  const known = [...knownSecrets(config, coordinator.token), ...(await gitTokens(config, logger))];
  const scanner = createScanner({ salt: data.salt, known });
  const redact = (text: string): string => scanner.redact(text);
  const state = redactingState(data.store.state, redact);
  const audit = redactingAudit(data.store.audit, redact);
  const services: Services = {
    settings,
    state,
    queue: data.store.queue,
    instances: data.store.instances,
    orders: data.store.orders,
    usage: data.store.usage,
    audit,
    sandbox,
    gateway: await wireGateway(options, settings, metrics),
    scanner,
    fileScanner: createFileScanner({ salt: data.salt, known, maxFileBytes: MAX_SCANNED_BYTES }),
    allowedSecrets: data.store.allowedSecrets,
    tripWire: createTripWire({
      state,
      audit,
      log: logger,
      now: () => new Date(),
      random: randomUUID,
      salt: data.salt,
    }),
    metrics,
    log: logger,
    instanceId: data.instanceId,
    registry: createExecutionRegistry(),
    workspaces: await wireWorkspaces(options, { git, sandbox, reach }),
    reach,
    runtime: await wireRuntime(options, sandbox),
    gates: createQualityGates({
      baseUrl: coordinator.url,
      token: coordinator.token,
      acceptYolo: settings.yolo,
      random: Math.random,
    }),
    now: () => new Date(),
    newId: randomUUID,
    random: Math.random,
  };
  const openWorkspaces = (home: string): Promise<Workspaces> =>
    wireWorkspaces({ ...options, data: { ...data, home } }, { git, sandbox, reach });
  return { services, git, openWorkspaces };
}

function wireGateway(
  { config, data, logger }: OrchestratorOptions,
  settings: OrchestratorSettings,
  metrics: Services["metrics"],
): Promise<ModelGateway> {
  return createModelGateway({
    apiKey: config.apiKey,
    baseUrl: config.modelBaseUrl,
    replayScenario: config.replayScenario,
    models: config.models,
    maxTokensLimit: config.maxOutputTokens,
    prices: settings.prices,
    socketDir: join(data.home, "run"),
    ledger: data.store.usage,
    owner: data.instanceId,
    limits: settings.budgets,
    concurrency: config.modelConcurrency,
    waitMs: config.modelWaitSeconds * 1000,
    patienceMs: settings.storePatienceMs ?? 0,
    idleMs: config.modelIdleSeconds * 1000,
    random: Math.random,
    metrics,
    now: () => new Date(),
    log: logger.child({ part: "gateway" }),
  });
}

function wireWorkspaces(
  { config, data, logger, network }: OrchestratorOptions,
  { git, sandbox, reach }: { git: Git; sandbox: Sandbox; reach: Reach },
): Promise<Workspaces> {
  const { sshIdentityFile, sshKnownHostsFile } = config;
  return createWorkspaces({
    dataDir: data.home,
    git,
    sandbox,
    reach,
    limits: { treeEntries: config.treeMaxEntries, treeBytes: config.treeMaxBytes },
    remotes: createRemotes({
      ...network,
      ...(config.gitCaFile === undefined ? {} : { caFile: config.gitCaFile }),
      allowPrivate: config.gitAllowPrivate,
      credentials: config.gitCredentials,
      ssh: {
        ...(sshIdentityFile === undefined ? {} : { identityFile: sshIdentityFile }),
        ...(sshKnownHostsFile === undefined ? {} : { knownHostsFile: sshKnownHostsFile }),
      },
    }),
    identity: { name: config.gitUserName, email: config.gitUserEmail },
    onProblem: (what, error) => logger.warn({ err: error }, what),
    now: () => new Date(),
    newId: randomUUID,
  });
}

/** Agents get the tools of the person who started this, read-only. */
async function wireRuntime({ config, version }: OrchestratorOptions, sandbox: Sandbox): Promise<Runtime> {
  const nodePath = process.execPath;
  return createSdkWorkerRuntime({
    sandbox,
    version,
    nodePath,
    workerBundle: fileURLToPath(import.meta.resolve("@mosaic/worker/bundle")),
    toolchain: await toolchainMounts({ nodePath, path: config.hostPath, home: homedir() }),
    maxTokens: config.maxOutputTokens,
    // A line holds one tool call or result, which the worker has cut to size; the rest is room for JSON's escapes.
    output: { lineBytes: 4 * MEBIBYTE, totalBytes: config.agentOutputMb * MEBIBYTE },
    limits: {
      memoryMb: config.sandboxMemoryMb,
      fileBytes: 512 * MEBIBYTE,
      openFiles: 4096,
      tmpBytes: 512 * MEBIBYTE,
      processes: 1024,
      cpus: 1,
    },
  });
}

function knownSecrets(config: Config, serviceToken: string): KnownSecret[] {
  return Object.entries(heldSecrets(config, serviceToken)).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
}

/** Tokens for git, as they are at the start. One that cannot be read now is reported where it is used. */
async function gitTokens(
  { gitCredentials }: Config,
  logger: OrchestratorOptions["logger"],
): Promise<readonly KnownSecret[]> {
  const found = await Promise.all(
    gitCredentials.map(async ({ host, tokenFile }): Promise<KnownSecret[]> => {
      try {
        const value = (await readFile(tokenFile, "utf8")).trim();
        return value.length < SHORTEST_KNOWN ? [] : [{ name: `git-${host}`, value }];
      } catch (error) {
        logger.warn({ err: error, host }, "a token for git cannot be read, and is not looked for in files");
        return [];
      }
    }),
  );
  return found.flat();
}
