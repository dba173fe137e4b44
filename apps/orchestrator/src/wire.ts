import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "@mosaic/config";
import { createGit, createRemotes, type Git } from "@mosaic/git";
import { type Sandbox, toolchainMounts } from "@mosaic/sandbox";
import { createScanner, type KnownSecret } from "@mosaic/secrets";
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
import { createExecutionRegistry } from "./spawner/registry.ts";
import { unavailableSandbox } from "./spawner/unavailable-sandbox.ts";

const MEBIBYTE = 1024 * 1024;

/** Builds every adapter once: what the use cases work with. */
export async function wire(
  options: OrchestratorOptions,
): Promise<{ readonly services: Services; readonly git: Git }> {
  const { config, data, logger, coordinator } = options;
  const settings = await readSettings(config, options.version);
  const metrics = createMetrics({
    name: "mosaic-orchestrator",
    version: options.version,
    processMetrics: true,
  });
  const sandbox = options.sandbox.ok
    ? options.sandbox.sandbox
    : unavailableSandbox(options.sandbox.problem, options.sandbox.remedy);
  const git = createGit({ home: join(data.home, "git-home") });
  const services: Services = {
    settings,
    state: data.store.state,
    queue: data.store.queue,
    usage: data.store.usage,
    audit: data.store.audit,
    sandbox,
    gateway: await wireGateway(options, settings, metrics),
    scanner: createScanner({ salt: data.salt, known: knownSecrets(config, coordinator.token) }),
    metrics,
    log: logger,
    instanceId: data.instanceId,
    registry: createExecutionRegistry(),
    workspaces: await wireWorkspaces(options, git, sandbox),
    runtime: await wireRuntime(config, sandbox),
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
  return { services, git };
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
    metrics,
    now: () => new Date(),
    log: logger.child({ part: "gateway" }),
  });
}

function wireWorkspaces(
  { config, data, logger }: OrchestratorOptions,
  git: Git,
  sandbox: Sandbox,
): Promise<Workspaces> {
  const { sshIdentityFile, sshKnownHostsFile } = config;
  return createWorkspaces({
    dataDir: data.home,
    git,
    sandbox,
    remotes: createRemotes({
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
async function wireRuntime(config: Config, sandbox: Sandbox): Promise<Runtime> {
  const nodePath = process.execPath;
  return createSdkWorkerRuntime({
    sandbox,
    nodePath,
    workerBundle: fileURLToPath(import.meta.resolve("@mosaic/worker/bundle")),
    toolchain: await toolchainMounts({ nodePath, path: config.hostPath, home: homedir() }),
    maxTokens: config.maxOutputTokens,
    limits: {
      memoryMb: config.sandboxMemoryMb,
      fileBytes: 512 * MEBIBYTE,
      openFiles: 4096,
      tmpBytes: 512 * MEBIBYTE,
    },
  });
}

function knownSecrets(config: Config, serviceToken: string): KnownSecret[] {
  const values = { apiKey: config.apiKey, adminToken: config.adminToken, serviceToken };
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}
