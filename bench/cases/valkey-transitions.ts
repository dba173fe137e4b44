import type { Change, Store } from "@mosaic/store";
import { Redis } from "ioredis";
import { type BenchCase, inParallel, median, timed } from "../measure.ts";
import { withServers } from "../servers.ts";
import { admission } from "../tasks.ts";

const TASKS = 5000;
const WRITERS = 50;
const ROUNDS = 5;
/** About what a task's record takes. */
const RECORD = "x".repeat(400);

/** What a writer that keeps nothing but the record would do; per second. */
async function rawSets(redis: Redis, round: number): Promise<number> {
  const ms = await timed(() =>
    inParallel(TASKS, WRITERS, (index) => redis.set(`raw:${round}:${index}`, RECORD)),
  );
  return (TASKS / ms) * 1000;
}

function assigned(taskId: string): Change {
  const at = new Date().toISOString();
  const events = [{ type: "task.assigned" as const, time: at, subject: "bench", taskId, data: {} }];
  return { at, task: { taskId, to: "assigned" }, events };
}

function running(taskId: string, agentId: string): Change {
  const at = new Date().toISOString();
  const data = { sandbox: "bubblewrap", model: "model" };
  return {
    at,
    agent: { agentId, to: "running", patch: { startedAt: at } },
    task: { taskId, to: "executing" },
    events: [
      { type: "agent.running", time: at, subject: agentId, taskId, data },
      { type: "task.executing", time: at, subject: agentId, taskId, data: {} },
    ],
  };
}

interface Rates {
  readonly task: number;
  readonly both: number;
}

async function transitions({ state }: Store, round: number): Promise<Rates> {
  const admissions = Array.from({ length: TASKS }, (_, index) => admission(`task-${round}-${index}`));
  await inParallel(TASKS, 200, (index) => state.admit(admissions[index] ?? admission("none")));
  const all = async (change: (taskId: string, agentId: string) => Change): Promise<number> => {
    const ms = await timed(() =>
      inParallel(TASKS, WRITERS, (index) => {
        const { taskId = "", agentId = "" } = admissions[index]?.agent ?? {};
        return state.transition(change(taskId, agentId));
      }),
    );
    return (TASKS / ms) * 1000;
  };
  return { task: await all(assigned), both: await all(running) };
}

export const valkeyTransitions: BenchCase = {
  name: "valkey-transitions",
  run: () =>
    withServers(async (servers) => {
      const store = await servers.open();
      const redis = new Redis(servers.valkeyUrl);
      const floors: number[] = [];
      const rates: Rates[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        floors.push(await rawSets(redis, round));
        rates.push(await transitions(store, round));
      }
      redis.disconnect();
      const floor = median(floors);
      return [
        {
          what: "valkey: a task's transition, 50 writers (floor: SET)",
          value: median(rates.map(({ task }) => task)),
          unit: "1/s",
          floor,
          bar: { at: "least", of: "ratio", limit: 0.7 },
        },
        {
          what: "valkey: agent and task at once, 50 writers (floor: SET)",
          value: median(rates.map(({ both }) => both)),
          unit: "1/s",
          floor,
          bar: null,
        },
      ];
    }),
};
