import { buildApiApp } from "@mosaic/api";
import { type Config, sandboxOptions } from "@mosaic/config";
import { type FindToken, hashToken, type HttpServer, type Listening, newToken } from "@mosaic/http";
import { buildOrchestratorApp, openData } from "@mosaic/orchestrator";
import { chooseSandbox, type SandboxChoice } from "@mosaic/sandbox";
import type { Logger } from "@mosaic/telemetry";
import { version } from "../version.ts";
import { buildEmbeddedCoordinator } from "./build-coordinator.ts";
import { redactionOf } from "./redaction.ts";

export interface PlanesOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** How hosts of repositories are resolved; tests bring their own resolver. */
  readonly network?: Parameters<typeof buildOrchestratorApp>[0]["network"];
}

/** The three planes in this process, serving. */
export interface Planes {
  readonly home: string;
  readonly coordinator: Listening;
  readonly orchestrator: Listening;
  readonly api: Listening;
  /** Where the token is; null when it came from the environment. */
  readonly tokenFile: string | null;
  /** What the model is, for people. */
  readonly model: string;
  /** Sandbox off or missing, scripted model, gates off. */
  readonly warnings: readonly string[];
  /** Graceful: no new claims, running agents get their grace, then everything is closed. */
  close(): Promise<void>;
}

/** A port that is taken names itself, so that the caller can look for who has it. */
export class PortTakenError extends Error {
  readonly port: number;

  constructor(port: number, cause: Error) {
    super(cause.message, { cause });
    this.name = "PortTakenError";
    this.port = port;
  }
}

/**
 * Opens the data folder, builds the planes, listens, and takes up what the last process left.
 * What was opened is closed again when a later step fails.
 * @throws FolderLockedError, PortTakenError
 */
export async function startPlanes(options: PlanesOptions): Promise<Planes> {
  const opened = new AsyncDisposableStack();
  try {
    const planes = await openPlanes(options, opened);
    return { ...planes, close: () => opened.disposeAsync() };
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

/** What is opened goes onto the stack at once; it is closed in the opposite order. */
async function openPlanes(
  { config, logger, network }: PlanesOptions,
  opened: AsyncDisposableStack,
): Promise<Omit<Planes, "close">> {
  // The probe runs a sandbox while the store opens; it answers, it does not throw.
  const probing = chooseSandbox(sandboxOptions(config));
  const data = await openData({ config, logger });
  opened.defer(() => data.close());
  const sandbox = await probing;
  const serviceToken = newToken();
  const { tokens } = data.store;
  const common = { config, version, data, sandbox };

  const coordinator = await buildEmbeddedCoordinator({
    ...common,
    findToken: knowing(serviceToken, (hash) => tokens.findByHash(hash)),
    redact: redactionOf(config, serviceToken),
    logger: logger.child({ plane: "coordinator" }),
  });
  opened.defer(() => coordinator.close());
  const atCoordinator = await listen(coordinator.server, config.host, config.coordinatorPort);

  const orchestrator = await buildOrchestratorApp({
    ...common,
    coordinator: { url: atCoordinator.url, token: serviceToken },
    ...(network === undefined ? {} : { network }),
    caFile: process.env["NODE_EXTRA_CA_CERTS"],
    logger: logger.child({ plane: "orchestrator" }),
  });
  opened.defer(() => orchestrator.close());
  const atOrchestrator = await listen(orchestrator.server, config.host, config.orchestratorPort);

  const warnings = [...orchestrator.warnings, ...missingSandbox(sandbox)];
  const api = buildApiApp({
    config,
    version,
    orchestratorUrl: atOrchestrator.url,
    coordinatorUrl: atCoordinator.url,
    findToken: (hash) => tokens.findByHash(hash),
    warnings: () => warnings,
    logger: logger.child({ plane: "api" }),
  });
  opened.defer(() => api.close());
  const atApi = await listen(api.server, config.host, config.apiPort);

  await orchestrator.start(atOrchestrator.url);
  return {
    home: data.home,
    coordinator: atCoordinator,
    orchestrator: atOrchestrator,
    api: atApi,
    tokenFile: data.tokenFile,
    model: orchestrator.model,
    warnings,
  };
}

/** The planes' own token beside those of the store. It lives as long as this process, and is kept nowhere. */
function knowing(serviceToken: string, findToken: FindToken): FindToken {
  const serviceHash = hashToken(serviceToken);
  return (hash) =>
    hash === serviceHash
      ? Promise.resolve({ name: "orchestrator", scopes: ["read", "spawn"] })
      : findToken(hash);
}

async function listen(server: HttpServer, host: string, port: number): Promise<Listening> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined;
    if (error instanceof Error && cause?.code === "EADDRINUSE") throw new PortTakenError(port, error);
    throw error;
  }
}

function missingSandbox(sandbox: SandboxChoice): string[] {
  return sandbox.ok ? [] : [`no agent can be started: ${sandbox.problem}; ${sandbox.remedy}`];
}
