import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { type Connections, lookAtConnections } from "./connections.ts";
import { type Installation, startInstallation } from "./installation.ts";
import { outcomeOf, tasksEnded } from "./outcome.ts";
import { commandLineOf, type ProcessRow, readProcesses } from "./process-table.ts";
import { createResourceWatch, type ResourceUse, type Watched } from "./resource-use.ts";
import { nameOf, type Scale } from "./scale.ts";
import { startSlowModel } from "./slow-model.ts";
import { type Spread, spreadOf } from "./spread.ts";

/** What one row of the load test found. */
export interface LoadResult extends Scale {
  readonly name: string;
  /** From the first request to spawn to the end of the last task. */
  readonly seconds: number;
  /** Of the machine. */
  readonly cores: number;
  readonly use: ResourceUse;
  /** From a spawn that was accepted to `agent.running`, in milliseconds. */
  readonly running: Spread;
  /** From a spawn that was accepted to the agent's first request to the model, in milliseconds. */
  readonly firstRequest: Spread;
  /** From a spawn that was accepted to the end of the agent, in milliseconds. */
  readonly completion: Spread;
  /** At the most; null without servers. */
  readonly connections: Connections | null;
  readonly done: number;
  /** Each a sentence. */
  readonly problems: readonly string[];
}

const LOOK_MS = 100;
const CONNECTIONS_MS = 2000;
/** A row that takes longer has failed, in milliseconds. */
const LIMIT_MS = 240_000;
const SCENARIO = fileURLToPath(new URL("works-a-while.yaml", import.meta.url));
const TASK = /load-\d+-task/;

/** Plays one scale on an installation of its own. */
export async function measureScale(scale: Scale): Promise<LoadResult> {
  const { thinkMs } = scale;
  const model = await startSlowModel({ scenario: SCENARIO, thinkMs, taskId: TASK, now: Date.now });
  const installation = await startInstallation(scale, model.url);
  try {
    const taskIds = Array.from({ length: scale.agents }, (_, index) => `load-${index}-task`);
    const watching = watch(installation);
    const started = performance.now();
    await play(installation, taskIds);
    const seconds = (performance.now() - started) / 1000;
    const { use, connections } = await watching.end();
    const { agents, problems } = await outcomeOf(installation, taskIds);
    const since = (spawnedAt: string, then: string | number | undefined): number[] =>
      then === undefined ? [] : [new Date(then).getTime() - new Date(spawnedAt).getTime()];
    return {
      ...scale,
      name: nameOf(scale),
      seconds,
      cores: cpus().length,
      use,
      running: spreadOf(agents.flatMap((agent) => since(agent.spawnedAt, agent.startedAt))),
      firstRequest: spreadOf(
        agents.flatMap(({ spawnedAt, taskId }) => since(spawnedAt, model.firstRequests.get(taskId))),
      ),
      completion: spreadOf(agents.flatMap((agent) => since(agent.spawnedAt, agent.completedAt))),
      connections,
      done: agents.filter(({ status }) => status === "completed").length,
      problems,
    };
  } finally {
    await installation.close();
    await model.close();
  }
}

/** Asks for every task at once, of each orchestrator in turn, and waits for their ends. */
async function play({ orchestrators, remote }: Installation, taskIds: readonly string[]): Promise<void> {
  const [first] = orchestrators;
  if (first === undefined) throw new Error("there is no orchestrator to ask");
  const ended = tasksEnded(first, taskIds.length, AbortSignal.timeout(LIMIT_MS));
  const asked = taskIds.map((taskId, index) =>
    (orchestrators[index % orchestrators.length] ?? first).client.call("spawnAgent", {
      body: {
        taskId,
        agentType: "worker",
        gateProfile: "minimal",
        context: {
          repository: remote,
          branch: "main",
          workItems: [`Make the failing test pass (${taskId})`],
        },
      },
    }),
  );
  await Promise.all([ended, ...asked]);
}

interface Watching {
  end(): Promise<{ readonly use: ResourceUse; readonly connections: Connections | null }>;
}

function watch({ orchestrators, servers }: Installation): Watching {
  const stop = new AbortController();
  const serverPids = [servers?.valkey.process.pid, servers?.postgres?.process.pid];
  const resources = createResourceWatch({
    orchestrators: orchestrators.map(({ pid }) => pid),
    servers: serverPids.filter((pid) => pid !== undefined),
    isAgent: agentFinder(),
  });
  let most: Connections | null = null;
  const lookAtServers = async (): Promise<void> => {
    const now = await lookAtConnections(servers);
    if (now === null) return;
    const { valkey = 0, postgres = 0 } = most ?? {};
    most = { valkey: Math.max(valkey, now.valkey), postgres: Math.max(postgres, now.postgres) };
  };
  const every = async (ms: number, look: () => unknown): Promise<void> => {
    while (!stop.signal.aborted) {
      await look();
      await pause(ms, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  const looking = [
    every(LOOK_MS, () => resources.look(readProcesses())),
    every(CONNECTIONS_MS, lookAtServers),
  ];
  return {
    async end() {
      stop.abort();
      await Promise.all(looking);
      resources.look(readProcesses());
      return { use: resources.use(), connections: most };
    },
  };
}

/** An agent's sandbox is known by its command line, which is looked at until it is more than a fork of its parent. */
function agentFinder(): Watched["isAgent"] {
  const known = new Map<string, boolean>();
  return ({ pid, startedAt }: ProcessRow) => {
    const key = `${pid} ${startedAt}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const line = commandLineOf(pid).split("\0");
    const isSandbox = line[0]?.endsWith("bwrap") === true;
    const isAgent = isSandbox && line.some((word) => word.endsWith("/worker.mjs"));
    if (isSandbox) known.set(key, isAgent);
    return isAgent;
  };
}
