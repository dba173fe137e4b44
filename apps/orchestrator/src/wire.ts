import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Config, heldSecrets } from "@mosaic/config";
import { createGit, createRemotes, type Git } from "@mosaic/git";
import type { Sandbox } from "@mosaic/sandbox";
import { createFileScanner, createScanner, knownSecrets, type KnownSecret } from "@mosaic/secrets";
import { createMetrics } from "@mosaic/telemetry";
import { createQualityGates } from "./coordinator/client.ts";
import { createEgressDoors } from "./egress/create-egress-doors.ts";
import { createModelGateway } from "./gateway/create-model-gateway.ts";
import type { ModelGateway } from "./gateway/port.ts";
import { createWorkspaces } from "./git/create-workspaces.ts";
import type { Workspaces } from "./git/port.ts";
import { readMcpFile } from "./mcp/read-mcp-file.ts";
import type { OrchestratorOptions } from "./options.ts";
import type { OrchestratorSettings, Services } from "./services.ts";
import { readSettings } from "./settings.ts";
import { redactingAudit, redactingState } from "./secrets/redact-records.ts";
import { MAX_SCANNED_BYTES } from "./secrets/scan-snapshot.ts";
import { createTripWire } from "./secrets/trip-wire.ts";
import { createExecutionRegistry } from "./spawner/registry.ts";
import { createReach, type Reach } from "./spawner/step-points.ts";
import { unavailableSandbox } from "./spawner/unavailable-sandbox.ts";
import { wireRuntimes } from "./wire-runtimes.ts";

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
  const mcp = await readMcpFile(config.mcpFile);
  const known = [
    ...knownSecrets(heldSecrets(config, coordinator.token)),
    ...(await gitTokens(config, logger)),
    ...mcp.secrets,
  ];
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
    runtimes: await wireRuntimes(options, { sandbox, scanner }),
    gates: createQualityGates({
      baseUrl: coordinator.url,
      token: coordinator.token,
      acceptYolo: settings.yolo,
      random: Math.random,
    }),
    egress: await createEgressDoors({
      folder: join(data.home, "egress"),
      modelHost: settings.egress.modelHost,
      caFile: options.caFile,
      network: options.network?.egress,
    }),
    mcpServers: mcp.servers,
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
