import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { DEFAULT_PRICES } from "@mosaic/domain";
import type { Mount, Sandbox } from "@mosaic/sandbox";
import type { UsageEntry } from "@mosaic/store";
import { createModelGateway } from "../gateway/create-model-gateway.ts";
import type { ModelGateway } from "../gateway/port.ts";
import { createSdkWorkerRuntime, type SdkWorkerOptions } from "./create-sdk-worker-runtime.ts";
import type { Runtime, Session, SessionEvent } from "./port.ts";

/** What the specs of this folder share: agents in real sandboxes, behind a real gateway to the scripted model. */

const BUILD = fileURLToPath(new URL("../../../worker/build.mjs", import.meta.url));
const MODEL = "claude-sonnet-5-5";
export const KEY = "the-real-key-0123456789";

/** Bundles the worker into `folder`. */
export async function buildWorker(folder: string): Promise<string> {
  const target = join(folder, "worker.mjs");
  await promisify(execFile)(process.execPath, [BUILD, target]);
  return target;
}

/** A program that stands in for the worker. */
export async function writeWorker(folder: string, program: string): Promise<string> {
  const target = join(folder, "fake-worker.mjs");
  await writeFile(target, program);
  return target;
}

export interface Bench {
  readonly folder: string;
  readonly tree: string;
  readonly gateway: ModelGateway;
  readonly runtime: Runtime;
  readonly entries: UsageEntry[];
  readonly events: SessionEvent[];
  readonly onEvent: (event: SessionEvent) => void;
  /** Settles with the next event that fits. */
  readonly seen: (type: SessionEvent["type"]) => Promise<SessionEvent>;
  readonly start: (agentId?: string, maxTurns?: number) => Promise<Session>;
  close(): Promise<void>;
}

export interface BenchOptions extends Partial<Omit<SdkWorkerOptions, "sandbox" | "workerBundle">> {
  readonly sandbox: Sandbox;
  readonly workerBundle: string;
  readonly scenario?: string;
  /** Beside the tree. */
  readonly mounts?: readonly Mount[];
}

export async function openBench({ scenario = "tour", mounts = [], ...given }: BenchOptions): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), "rt-"));
  const tree = join(folder, "tree");
  await mkdir(tree);
  const entries: UsageEntry[] = [];
  const log = (): void => undefined;
  const gateway = await createModelGateway({
    apiKey: KEY,
    baseUrl: "http://127.0.0.1:9",
    replayScenario: scenario,
    models: [MODEL],
    maxTokensLimit: 4000,
    prices: DEFAULT_PRICES,
    socketDir: join(folder, "run"),
    ledger: {
      reserve: async () => ({ kind: "reserved" }),
      settle: async (_, entry) => entries.push(entry) > 0,
      release: async () => undefined,
      settleAbandoned: async () => 0,
    },
    owner: "spec",
    limits: {},
    concurrency: 16,
    waitMs: 60_000,
    idleMs: 60_000,
    random: () => 0,
    now: () => new Date(),
    log: { debug: log, warn: log, error: log } as never,
  });
  const runtime = createSdkWorkerRuntime({ nodePath: process.execPath, version: "0.0.0-test", ...given });
  const sessions: Session[] = [];
  const events: SessionEvent[] = [];
  let listeners: ((event: SessionEvent) => void)[] = [];
  return {
    folder,
    tree,
    gateway,
    runtime,
    entries,
    events,
    onEvent(event) {
      events.push(event);
      for (const listener of listeners) listener(event);
    },
    seen: async (type) =>
      new Promise((resolve) => {
        listeners = [...listeners, (event) => event.type === type && resolve(event)];
      }),
    async start(agentId = "one", maxTurns = 20) {
      const { socketPath } = await gateway.open({
        agentId,
        taskId: "t",
        repository: "https://git.example/one",
        model: MODEL,
        taskBudgetUsd: null,
        onUsage: () => undefined,
      });
      const session = await runtime.start({
        agentId,
        model: MODEL,
        system: "You are a test.",
        maxTurns,
        mounts: [{ source: tree, target: "/tree", writable: true }, ...mounts],
        scratch: [],
        env: { FROM_WORKSPACE: "yes" },
        socketPath,
        memoryMb: null,
        image: null,
        mcpServers: [],
      });
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
