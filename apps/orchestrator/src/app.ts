import { orchestratorRoutes, ProblemError } from "@mosaic/contracts";
import { createHealthHandlers, createHttpServer, type HttpServer, LOOPBACK_HOSTS } from "@mosaic/http";
import { clearOrphans } from "@mosaic/sandbox";
import { agentHandlers } from "./api/agents.ts";
import { costHandlers } from "./api/costs.ts";
import { createAgentEventStream, streamEventsHandler } from "./api/events.ts";
import { orchestratorHandlers } from "./api/orchestrators.ts";
import { queueHandlers } from "./api/queue.ts";
import { runtimeHandlers } from "./api/runtimes.ts";
import { salvageHandlers } from "./api/salvage.ts";
import { secretHandlers } from "./api/secrets.ts";
import { auditHandlers } from "./api/audit.ts";
import { createCancel } from "./killswitch/cancel.ts";
import { finishPromisedKills } from "./killswitch/finish-promised.ts";
import { storeProblem } from "./api/store-problem.ts";
import { type Heartbeat, startHeartbeat } from "./instances/heartbeat.ts";
import { killEverywhere } from "./instances/kill-everywhere.ts";
import { type Reaper, startReaper } from "./instances/reap.ts";
import { routeCancel } from "./instances/route-cancel.ts";
import { routeKill } from "./instances/route-kill.ts";
import { serveOrders } from "./instances/serve-orders.ts";
import { killAll, type KilledAll } from "./killswitch/kill-all.ts";
import { createKill } from "./killswitch/kill.ts";
import type { KillOrder } from "./killswitch/order.ts";
import { within } from "./killswitch/within.ts";
import { auditSwitches } from "./monitor/audit-switches.ts";
import { claimsWhileWritable, cleanAbandoned } from "./monitor/data-folder.ts";
import { healthChecks, warningsOf } from "./monitor/health.ts";
import { type Retention, startRetention } from "./monitor/retain-salvage.ts";
import { watch } from "./monitor/watch.ts";
import { createDispatcher } from "./queue/dispatcher.ts";
import { drain } from "./queue/drain.ts";
import type { OrchestratorOptions } from "./options.ts";
import { cleanLeftovers, recover } from "./queue/recover.ts";
import { runtimeWarnings } from "./runtimes/registry.ts";
import { wire } from "./wire.ts";

export interface OrchestratorApp {
  readonly server: HttpServer;
  /** What people should know: sandbox off, scripted model, gates off. */
  readonly warnings: readonly string[];
  readonly model: string;
  /** Takes up what the last process left, then claims tasks. `url` is where it listens, for the other orchestrators. */
  start(url: string): Promise<void>;
  /** No new claims; running agents get their grace, then they are interrupted; then everything is closed. */
  close(): Promise<void>;
}

/** Longest wait for tasks to be given back once their attempts were told to end, in milliseconds. */
const SETTLE_MS = 5000;

/** Builds the execution plane; it neither listens nor claims before it is told to. */
export async function buildOrchestratorApp(options: OrchestratorOptions): Promise<OrchestratorApp> {
  const { config, data, logger } = options;
  const { services, git, openWorkspaces } = await wire(options);
  const { settings, metrics } = services;
  const warnings = [...warningsOf(services), ...(await runtimeWarnings(services.runtimes)), ...data.warnings];
  const kill = createKill(services);
  services.tripWire.connect(kill);
  const cancel = createCancel(services, kill);
  const queue = claimsWhileWritable(services.queue, {
    home: data.home,
    onChange({ ok, detail }) {
      if (!ok) return logger.error(detail);
      logger.info(`${detail} again`);
      cleaning = cleaning.then(() => cleanAbandoned(services));
    },
  });
  const dispatcher = createDispatcher({ ...services, queue });
  const killAllHere = (order: KillOrder): Promise<KilledAll> =>
    killAll(services, kill, { order, holdClaims: () => dispatcher.hold() });
  const stream = createAgentEventStream(services.state, metrics);
  let closing = false;
  let cleaning: Promise<void> = Promise.resolve();
  let stopWatch = (): void => {};
  let retention: Retention | null = null;
  let heartbeat: Heartbeat | null = null;
  let reaper: Reaper | null = null;
  let stopServing = async (): Promise<void> => {};

  const server = createHttpServer({
    name: "orchestrator",
    explain: storeProblem,
    logger,
    metrics,
    findToken: (hash) => data.store.tokens.findByHash(hash),
    allowedHosts: [...LOOPBACK_HOSTS, config.host, ...config.allowedHosts],
    allowedOrigins: config.allowedOrigins,
    bodyLimitBytes: config.bodyLimit,
    rateLimitPerMinute: config.rateLimit,
  });
  server.mount(orchestratorRoutes, {
    ...createHealthHandlers({
      name: "mosaic-orchestrator",
      version: settings.version,
      startedAt: Date.now(),
      checks: healthChecks(services, { choice: options.sandbox, store: data.store, git }),
      warnings: () => warnings,
      sandbox: options.sandbox.ok ? options.sandbox.facts : null,
      metrics,
      routes: orchestratorRoutes,
    }),
    ...agentHandlers({
      services,
      kill: routeKill(services, kill),
      cancel: routeCancel(services, cancel),
      killAll: (order) => killEverywhere(services, () => killAllHere(order), { order }),
      refusal: () => {
        if (closing)
          return new ProblemError("shutting_down", "the orchestrator is shutting down; try again later");
        if (options.sandbox.ok) return null;
        return new ProblemError(
          "sandbox_unavailable",
          `${options.sandbox.problem}; ${options.sandbox.remedy}`,
        );
      },
    }),
    ...orchestratorHandlers(services, kill),
    ...runtimeHandlers(services),
    ...queueHandlers(services),
    ...costHandlers(services),
    ...salvageHandlers(services),
    ...secretHandlers(services),
    ...auditHandlers(services),
    streamEvents: streamEventsHandler(stream),
  });

  return {
    server,
    warnings,
    model: services.gateway.upstream,
    async start(url) {
      await clearOrphans(options.sandbox, logger);
      heartbeat = await startHeartbeat(services, config.advertisedUrl ?? url);
      const leftovers = await recover(services);
      await auditSwitches(services);
      stopWatch = watch(services);
      cleaning = Promise.all([finishPromisedKills(services, kill), cleanLeftovers(services, leftovers)]).then(
        () => undefined,
      );
      retention = startRetention(services, cleaning);
      reaper = startReaper(services, { kill, openWorkspaces });
      stopServing = await serveOrders(services, { kill, cancel, killAll: killAllHere });
      if (options.sandbox.ok) dispatcher.start();
    },
    async close() {
      closing = true;
      stopWatch();
      await dispatcher.stop();
      await drain(services);
      await within(dispatcher.settled(), SETTLE_MS);
      await cleaning;
      await retention?.stop();
      await reaper?.stop();
      await stopServing();
      await kill.idle();
      await heartbeat?.stop();
      stream.closeAll();
      await server.close();
      await services.gateway.close();
      await services.workspaces.close();
      await services.fileScanner.close();
    },
  };
}
