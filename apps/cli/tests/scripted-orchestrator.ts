import {
  type AgentView,
  isTranscript,
  type Json,
  orchestratorRoutes,
  ProblemError,
  type StoredEvent,
} from "@mosaic/contracts";
import {
  createEventStream,
  createHealthHandlers,
  createHttpServer,
  type Handlers,
  hashToken,
  LOOPBACK_HOSTS,
} from "@mosaic/http";
import { createLogger, createMetrics } from "@mosaic/telemetry";

type Routes = typeof orchestratorRoutes;
type RouteName = keyof Routes;

export interface ScriptedOrchestrator {
  readonly url: string;
  readonly token: string;
  /** The routes that were called, in order, with the handler's input. */
  readonly calls: { route: RouteName; params: unknown; query: unknown; body: unknown }[];
  readonly agents: Map<string, AgentView>;
  /** Adds events to the log and tells the streams. */
  publish(...events: StoredEvent[]): void;
  /** Resolves once a client listens to the stream. */
  listened(): Promise<void>;
  close(): Promise<void>;
}

export interface Script {
  readonly handlers?: Partial<Handlers<Routes>>;
  readonly warnings?: readonly string[];
  readonly broken?: boolean;
  /** Default: a free one. */
  readonly port?: number;
}

const TOKEN = "mosaic_scripted-token-for-tests";

interface EventLog {
  readonly events: StoredEvent[];
  readonly listeners: Set<(events: readonly StoredEvent[]) => void>;
}

/** The execution plane's real HTTP edge, with answers written by the test. */
export async function startScriptedOrchestrator(script: Script = {}): Promise<ScriptedOrchestrator> {
  const metrics = createMetrics({ name: "scripted", version: "0" });
  const logger = createLogger({ name: "scripted", level: "silent", redact: (text) => text });
  const log: EventLog = { events: [], listeners: new Set() };
  const agents = new Map<string, AgentView>();
  const calls: ScriptedOrchestrator["calls"] = [];
  const listening = Promise.withResolvers<void>();
  const server = createHttpServer({
    name: "scripted",
    logger,
    metrics,
    findToken: (hash) =>
      Promise.resolve(hash === hashToken(TOKEN) ? { name: "test", scopes: ["admin"] } : null),
    allowedHosts: LOOPBACK_HOSTS,
    allowedOrigins: [],
    closeGraceMs: 0,
  });
  const handlers: Handlers<Routes> = {
    ...createHealthHandlers({
      name: "scripted-orchestrator",
      version: "9.9.9",
      startedAt: Date.now(),
      checks: {
        store: () => Promise.resolve({ ok: script.broken !== true, detail: "one file" }),
        sandbox: () => Promise.resolve({ ok: true, detail: "bubblewrap 0.8.0" }),
      },
      warnings: () => script.warnings ?? [],
      metrics,
      routes: orchestratorRoutes,
    }),
    ...eventHandlers(log, agents, listening.resolve),
    ...unscripted(),
    ...script.handlers,
  };
  server.mount(orchestratorRoutes, recorded(handlers, calls));
  const { url } = await server.listen({ host: "127.0.0.1", port: script.port ?? 0 });
  return {
    url,
    token: TOKEN,
    calls,
    agents,
    publish(...events) {
      log.events.push(...events);
      for (const listener of log.listeners) listener(events);
    },
    listened: () => listening.promise,
    close: () => server.close(),
  };
}

function eventHandlers(
  log: EventLog,
  agents: Map<string, AgentView>,
  onListener: () => void,
): Pick<Handlers<Routes>, "streamEvents" | "listAgentEvents" | "getAgent"> {
  const stream = createEventStream<StoredEvent, { agent: string | null; transcript: boolean }>({
    source: {
      after: (id, limit) => Promise.resolve(log.events.filter((event) => event.id > id).slice(0, limit)),
      range: () => Promise.resolve({ oldest: log.events[0]?.id ?? 0, newest: log.events.at(-1)?.id ?? 0 }),
      subscribe(listener) {
        log.listeners.add(listener);
        onListener();
        return () => log.listeners.delete(listener);
      },
    },
    filter: (event, wanted) =>
      (wanted.transcript || !isTranscript(event.type)) &&
      (wanted.agent === null || wanted.agent === event.subject),
    coalesceMs: 1,
  });
  return {
    streamEvents: ({ query }, context) =>
      stream.attach(context, {
        selection: { agent: query.agent ?? null, transcript: query.transcript },
        lastEventId: query.lastEventId,
      }),
    listAgentEvents({ params, query }) {
      const all = log.events.filter((event) => event.subject === params.agentId && event.id > query.after);
      const items = all.slice(0, query.limit);
      return {
        items: items.map((event) => ({ ...event, data: event.data as Json })),
        nextAfter: items.length < all.length ? (items.at(-1)?.id ?? null) : null,
      };
    },
    getAgent({ params }) {
      const found = [...agents.values()].filter((agent) => agent.agentId.startsWith(params.agentId));
      const [first] = found;
      if (first === undefined)
        throw new ProblemError("agent_not_found", `there is no agent '${params.agentId}'`);
      if (found.length > 1) {
        throw new ProblemError("ambiguous_id", `'${params.agentId}' fits more than one agent`);
      }
      return first;
    },
  };
}

function unscripted(): Omit<Handlers<Routes>, "streamEvents" | "listAgentEvents" | "getAgent" | HealthName> {
  const refuse = (): never => {
    throw new Error("the test did not script this route");
  };
  return {
    spawnAgent: refuse,
    listAgents: refuse,
    killAll: refuse,
    getAgentStatus: refuse,
    getAgentDiff: refuse,
    getAgentSalvage: ({ params }) => ({ agentId: params.agentId, items: [] }),
    downloadAgentSalvage: refuse,
    killAgent: refuse,
    cancelAgent: refuse,
    listAudit: refuse,
    verifyAudit: refuse,
    allowSecret: refuse,
    listAllowedSecrets: refuse,
    disallowSecret: refuse,
    getCosts: refuse,
    queueStats: refuse,
    pauseQueue: refuse,
    resumeQueue: refuse,
    listOrchestrators: refuse,
    forgetOrchestrator: refuse,
    listRuntimes: refuse,
  };
}

type HealthName = "health" | "ready" | "meta" | "openapi" | "metrics";

function recorded(handlers: Handlers<Routes>, calls: ScriptedOrchestrator["calls"]): Handlers<Routes> {
  const wrapped = Object.entries(handlers).map(([route, handler]) => [
    route,
    (input: never, context: never) => {
      calls.push({
        route: route as RouteName,
        ...(input as { params: unknown; query: unknown; body: unknown }),
      });
      return (handler as (input: never, context: never) => unknown)(input, context);
    },
  ]);
  return Object.fromEntries(wrapped) as Handlers<Routes>;
}
