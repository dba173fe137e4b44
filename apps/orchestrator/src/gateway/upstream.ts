import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createReplayServer } from "@mosaic/replay";
import { Agent, type Dispatcher } from "undici";

/** Where the gateway sends what it lets through. */
export interface Upstream {
  /** For people: a host, or the scripted model's scenario. */
  readonly name: string;
  readonly scripted: boolean;
  readonly origin: string;
  /** Comes before every path. */
  readonly prefix: string;
  readonly apiKey: string | null;
  readonly dispatcher: Dispatcher;
  /** Milliseconds of silence that mean a dead connection. */
  readonly idleMs: number;
  close(): Promise<void>;
}

export interface UpstreamOptions {
  readonly apiKey?: string | undefined;
  readonly baseUrl: string;
  /** Uses the scripted model instead of the API. */
  readonly replayScenario: string | null;
  readonly models: readonly string[];
  readonly socketDir: string;
  readonly idleMs: number;
}

const CONNECT_MS = 10_000;

/** Opens the way to the model. @throws ScenarioError for a scenario that cannot be used */
export async function openUpstream(options: UpstreamOptions): Promise<Upstream> {
  if (options.replayScenario !== null) return openReplay(options, options.replayScenario);
  const base = new URL(options.baseUrl);
  const dispatcher = new Agent({ connect: { timeout: CONNECT_MS } });
  return {
    name: base.host,
    scripted: false,
    origin: base.origin,
    prefix: base.pathname.replace(/\/+$/, ""),
    apiKey: options.apiKey ?? null,
    dispatcher,
    idleMs: options.idleMs,
    close: async () => dispatcher.destroy(),
  };
}

/** The scripted model runs in this process, behind a socket in our own folder: no port is opened. */
async function openReplay(options: UpstreamOptions, scenario: string): Promise<Upstream> {
  // No agent's folder can be called this.
  const folder = join(options.socketDir, "_replay");
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const socketPath = join(folder, "model.sock");
  const server = await createReplayServer({ scenario, socketPath, models: options.models });
  const dispatcher = new Agent({ connect: { socketPath } });
  return {
    name: `scripted model (replay:${server.scenario})`,
    scripted: true,
    origin: "http://localhost",
    prefix: "",
    apiKey: "scripted-model-needs-no-key",
    dispatcher,
    idleMs: options.idleMs,
    async close() {
      await dispatcher.destroy();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
