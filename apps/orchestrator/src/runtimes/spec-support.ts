import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Mount } from "@mosaic/sandbox";
import type { UsageEntry } from "@mosaic/store";
import { SETTINGS_IN_SPECS } from "../gateway/spec-support.ts";
import { createModelGateway } from "../gateway/create-model-gateway.ts";
import type { ModelGateway } from "../gateway/port.ts";
import type { Runtime, Session, SessionEvent, SessionRequest } from "./port.ts";

/** What the specs of this folder share: agents in real sandboxes, behind a real gateway to the scripted model. */

const MODEL = "claude-sonnet-5-5";
const MAX_TURNS = 20;
export const KEY = "the-real-key-0123456789";

export interface Bench {
  readonly folder: string;
  readonly tree: string;
  readonly gateway: ModelGateway;
  readonly runtime: Runtime;
  readonly entries: UsageEntry[];
  /** Bodies of the agents' requests to the model. */
  readonly bodies: readonly string[];
  readonly events: SessionEvent[];
  readonly onEvent: (event: SessionEvent) => void;
  /** Settles with the next event that fits. */
  readonly seen: (type: SessionEvent["type"]) => Promise<SessionEvent>;
  readonly start: (
    agentId?: string,
    changes?: Partial<SessionRequest>,
    signal?: AbortSignal,
  ) => Promise<Session>;
  close(): Promise<void>;
}

export interface BenchOptions {
  readonly runtime: Runtime;
  /** What the scripted model plays. Default: `tour`. */
  readonly scenario?: string | undefined;
  /** Beside the tree. */
  readonly mounts?: readonly Mount[];
  /** True when nothing is left of the budget. */
  readonly exhausted?: boolean;
}

export async function openBench({ runtime, scenario = "tour", ...options }: BenchOptions): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "rt-"));
  const tree = join(folder, "tree");
  await mkdir(tree);
  const entries: UsageEntry[] = [];
  const bodies: string[] = [];
  const { exhausted = false } = options;
  const gateway = await openGateway(join(folder, "run"), { scenario, entries, exhausted });
  const sessions: Session[] = [];
  const events: SessionEvent[] = [];
  let listeners: ((event: SessionEvent) => void)[] = [];
  return {
    folder,
    tree,
    gateway,
    runtime,
    entries,
    bodies,
    events,
    onEvent(event) {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    seen: async (type) =>
      new Promise((resolve) => {
        listeners = [...listeners, (event) => event.type === type && resolve(event)];
      }),
    async start(agentId = "one", changes = {}, signal?: AbortSignal) {
      const { socketPath, beginPrompt } = await gateway.open({
        agentId,
        taskId: "t",
        repository: "https://git.example/one",
        model: MODEL,
        taskBudgetUsd: null,
        maxTurns: changes.maxTurns ?? MAX_TURNS,
        onUsage: () => undefined,
        onRequest(body) {
          bodies.push(body);
          return false;
        },
      });
      const request: SessionRequest = {
        agentId,
        model: MODEL,
        system: "You are a test.",
        maxTurns: MAX_TURNS,
        mounts: [{ source: tree, target: "/tree", writable: true }, ...(options.mounts ?? [])],
        scratch: [],
        env: { FROM_WORKSPACE: "yes" },
        socketPath,
        beginPrompt,
        memoryMb: null,
        image: null,
        mcpServers: [],
        path: [],
        egress: null,
        ...changes,
      };
      const session = await runtime.start(request, signal);
      sessions.push(session);
      return session;
    },
    async close() {
      await Promise.all(sessions.map(async (session) => session.kill()));
      await gateway.close();
      await rm(folder, { recursive: true });
    },
  };
}

const EXHAUSTED = { kind: "exhausted", scope: "task", limitUsd: 1, spentUsd: 1, reservedUsd: 0 } as const;

interface GatewayChoices {
  readonly scenario: string;
  readonly entries: UsageEntry[];
  readonly exhausted: boolean;
}

function openGateway(
  socketDir: string,
  { scenario, entries, exhausted }: GatewayChoices,
): Promise<ModelGateway> {
  const log = (): void => undefined;
  return createModelGateway({
    apiKey: KEY,
    baseUrl: "http://127.0.0.1:9",
    replayScenario: scenario,
    models: [MODEL],
    socketDir,
    ledger: {
      reserve: async () => (exhausted ? EXHAUSTED : { kind: "reserved" }),
      settle: async (_, entry) => entries.push(entry) > 0,
      release: async () => undefined,
      settleAbandoned: async () => 0,
    },
    ...SETTINGS_IN_SPECS,
    now: () => new Date(),
    log: { debug: log, warn: log, error: log } as never,
  });
}
