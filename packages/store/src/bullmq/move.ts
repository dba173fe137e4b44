import type { EntryRecord, QueueSummary } from "../queue-snapshot.ts";
import { CorruptRecordError } from "../store-error.ts";
import type { Link } from "../valkey/connect.ts";
import { JOB_ID_START, QUEUE_PREFIX } from "./keys.ts";
import { createRun } from "./run.ts";

const key = (name: string): string => QUEUE_PREFIX + name;
/** Entries that travel together. */
const BATCH = 500;

type Standing = Pick<EntryRecord, "state"> & { readonly job: string; readonly wakesAt: number | null };

/** The queue as it stands, while nobody works on it. @throws StoreUnavailableError, CorruptRecordError */
export async function readQueue(link: Link): Promise<{
  readonly entries: readonly EntryRecord[];
  readonly summary: QueueSummary;
}> {
  try {
    const standings = await readStandings(link);
    const entries: EntryRecord[] = [];
    for (let from = 0; from < standings.length; from += BATCH)
      entries.push(
        ...(await Promise.all(standings.slice(from, from + BATCH).map((at) => readEntry(link, at)))),
      );
    return {
      entries: entries.toSorted((one, other) => one.seq - other.seq),
      summary: await readSummary(link),
    };
  } catch (error) {
    if (error instanceof CorruptRecordError) throw error;
    throw link.fault(error, { reads: true });
  }
}

async function readStandings({ redis }: Link): Promise<readonly Standing[]> {
  const [ready, strays, delayed, active, leases] = await Promise.all([
    redis.zrange(key("prioritized"), "0", "-1"),
    redis.lrange(key("wait"), 0, -1),
    redis.zrange(key("delayed"), "0", "-1", "WITHSCORES"),
    redis.lrange(key("active"), 0, -1),
    redis.zrange(key("leases"), "0", "-1", "WITHSCORES"),
  ]);
  const ends = new Map(pairs(leases).map(([task, end]) => [JOB_ID_START + task, Number(end)]));
  return [
    ...[...ready, ...strays].map((job): Standing => ({ job, state: "ready", wakesAt: null })),
    // BullMQ's scores are milliseconds times 4096, plus an order inside one millisecond.
    ...pairs(delayed).map(([job, score]): Standing => ({
      job,
      state: "delayed",
      wakesAt: Math.floor(Number(score) / 0x1000),
    })),
    // One without a lease was left behind by another program: the next claim makes it due again.
    ...active.map((job): Standing => {
      const wakesAt = ends.get(job) ?? null;
      return { job, state: wakesAt === null ? "ready" : "active", wakesAt };
    }),
  ];
}

async function readEntry({ redis }: Link, { job, state, wakesAt }: Standing): Promise<EntryRecord> {
  const taskId = job.slice(JOB_ID_START.length);
  const [fields, lease] = await Promise.all([
    redis.hmget(key(job), "priority", "seq", "ats"),
    redis.hmget(key(`lease:${taskId}`), "workerId", "token"),
  ]);
  const [priority, seq, claims] = [fields[0], fields[1], fields[2] ?? "0"].map((text, index) => {
    const number = Number(text ?? Number.NaN);
    if (Number.isSafeInteger(number)) return number;
    throw new CorruptRecordError(key(job), ["priority", "seq", "ats"][index] ?? "", "is not a whole number");
  }) as [number, number, number];
  const [workerId, token] = typeof lease[1] === "string" ? [lease[0] ?? "", lease[1]] : [null, null];
  return { taskId, seq, priority: 11 - priority, state, wakesAt, workerId, token, claims };
}

async function readSummary({ redis }: Link): Promise<QueueSummary> {
  const [totals, paused, last] = await Promise.all([
    redis.hmget(key("totals"), "completed", "failed"),
    redis.hexists(key("meta"), "paused"),
    redis.get(key("id")),
  ]);
  return {
    paused: paused === 1,
    completed: Number(totals[0] ?? 0),
    failed: Number(totals[1] ?? 0),
    lastSeq: Number(last ?? 0),
  };
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""] as const] : []));
}

/** Puts entries of another engine into the database of this epoch. @throws StoreUnavailableError */
export async function createQueueImport(link: Link, epoch: string) {
  const run = await createRun(link);
  return {
    async entries(entries: readonly EntryRecord[]): Promise<void> {
      for (let from = 0; from < entries.length; from += BATCH)
        await Promise.all(
          entries.slice(from, from + BATCH).map(({ taskId, seq, priority, state, wakesAt, ...claimed }) => {
            const { workerId, token, claims } = claimed;
            const held = [workerId ?? "", token ?? "", claims];
            return run("restore", ["", epoch, taskId, seq, priority, state, wakesAt ?? 0, ...held]);
          }),
        );
    },
    async end({ paused, completed, failed, lastSeq }: QueueSummary): Promise<void> {
      await run("restore_totals", ["", epoch, Number(paused), completed, failed, lastSeq]);
    },
  };
}
