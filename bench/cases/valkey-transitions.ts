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

const LEAST = `#!lua name=bench_least
redis.register_function('bench_least', function(_, args)
  local found = redis.call('MGET', 'bench:epoch', 'bench:newest', 'bench:record:' .. args[1])
  local id = (tonumber(found[2]) or 0) + 1
  local event = '{"id":' .. id .. ',' .. args[3]
  redis.call('XADD', 'bench:events', id .. '-0', 'event', event)
  redis.call('MSET', 'bench:record:' .. args[1], args[2], 'bench:newest', id)
  redis.call('PUBLISH', 'bench:events', event)
  return id
end)`;

/** By a driver that sends what is asked in one turn in one piece, as the store does; per second. */
async function bare(write: (index: number) => Promise<unknown>): Promise<number> {
  return (TASKS / (await timed(() => inParallel(TASKS, WRITERS, write)))) * 1000;
}

/** What a writer that keeps nothing but the record would do. */
const rawSets = (redis: Redis, round: number): Promise<number> =>
  bare((index) => redis.set(`raw:${round}:${index}`, RECORD));

/** What no writer can do without that keeps record, replay and announcement together: no index, no rule, no undoing. */
const leastSteps = (redis: Redis, round: number): Promise<number> =>
  bare((index) => {
    const { type, ...event } = assigned(`least-${round}-${index}`).events[0] ?? {};
    return redis.fcall(
      "bench_least",
      0,
      `${round}:${index}`,
      RECORD,
      JSON.stringify({ type, ...event }).slice(1),
    );
  });

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
      const redis = new Redis(servers.valkeyUrl, { enableAutoPipelining: true });
      await redis.call("FUNCTION", "LOAD", LEAST);
      const floors: number[] = [];
      const least: number[] = [];
      const rates: Rates[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        floors.push(await rawSets(redis, round));
        least.push(await leastSteps(redis, round));
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
          what: "valkey: the least step: record, event, announcement (floor: SET)",
          value: median(least),
          unit: "1/s",
          floor,
          bar: null,
        },
        {
          what: "valkey: a task's transition, 50 writers (floor: the least step)",
          value: median(rates.map(({ task }) => task)),
          unit: "1/s",
          floor: median(least),
          bar: null,
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
