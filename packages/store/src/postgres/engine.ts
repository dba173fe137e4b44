import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { DatabaseError, type PoolClient, type QueryResult } from "pg";
import { POSTGRES_CONTROL } from "../control/compiled/postgres.ts";
import { createControl, type ControlEngine } from "../control/operations.ts";
import { createAsk, Undone, type Row, type Steps } from "../control/steps.ts";
import { StoreUnavailableError } from "../store-error.ts";
import { judge, outcomeUnknown } from "./faults.ts";
import type { ConnectionPool } from "./pool.ts";

type Operation = (...args: readonly unknown[]) => Steps<unknown>;

/** A write, over all its attempts. */
interface Call {
  readonly callId: string;
  /** What each attempt answers if it turns out to be the one that was committed. */
  readonly answers: unknown[];
  /** A COMMIT was sent, and no answer came. */
  inDoubt: boolean;
}

export interface PostgresEngineOptions {
  readonly pool: ConnectionPool;
  readonly place: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface PostgresEngine extends ControlEngine {
  /** Finishes what was asked before, then lets go. Safe to call twice. */
  close(): Promise<void>;
}

/** How often, and until when, a call is tried of which nothing can have been kept. */
const ATTEMPTS = 5;
const ATTEMPTS_MS = 5000;
const PAUSE_MS = 50;
/** How long is tried to find out what became of a COMMIT. Much less than `CALLS_ARE_KEPT`. */
const DOUBT_MS = 20_000;
/** Writes between two clean-ups of the list of calls. */
const CLEAN_EVERY = 1000;
const CALLS_ARE_KEPT = "1 hour";

const BEGIN_WRITE = "BEGIN ISOLATION LEVEL READ COMMITTED";
const BEGIN_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const CLEAN = `DELETE FROM control_calls WHERE call_id IN (
  SELECT call_id FROM control_calls WHERE at < now() - interval '${CALLS_ARE_KEPT}' FOR UPDATE SKIP LOCKED)`;

/**
 * Runs the control plane's operations on PostgreSQL, each in one transaction.
 *
 * Every write leaves its own id with its commit. When the connection breaks under a COMMIT, the id tells whether it was
 * kept: so a write is repeated when it was not, and never twice.
 */
export function createPostgresEngine({ pool, place, now }: PostgresEngineOptions): PostgresEngine {
  const { writes, reads, snapshots } = createControl(createAsk(POSTGRES_CONTROL));
  const underWay = new Set<Promise<unknown>>();
  let written = 0;
  let closed: Promise<void> | null = null;

  /** Repeats an attempt while that is of use. */
  async function persist<T>(attempt: () => Promise<T>, call?: Call): Promise<T> {
    const started = now();
    for (let count = 1; ; count += 1) {
      try {
        return await attempt();
      } catch (error) {
        const verdict = judge(error, place);
        const passed = now() - started;
        if (call?.inDoubt === true) {
          if (passed > DOUBT_MS) throw outcomeUnknown(place, error);
        } else if (verdict.kind === "final" || count === ATTEMPTS || passed > ATTEMPTS_MS)
          throw verdict.error;
        await delay(PAUSE_MS * count);
      }
    }
  }

  async function write(operation: () => Steps<unknown>): Promise<unknown> {
    const call: Call = { callId: randomUUID(), answers: [], inDoubt: false };
    written += 1;
    if (written % CLEAN_EVERY === 0) void track(clean());
    return persist(() => withConnection((client) => attemptWrite(client, call, operation)), call);
  }

  const read = async (operation: () => Steps<unknown>): Promise<unknown> =>
    persist(() => withConnection((client) => drive(client, operation())));

  const snapshot = async (operation: () => Steps<unknown>): Promise<unknown> =>
    persist(() =>
      withConnection(async (client) => {
        await client.query(BEGIN_SNAPSHOT);
        const answer = await drive(client, operation());
        await client.query("COMMIT");
        return answer;
      }),
    );

  /** Gives `work` a connection, and it back in a state in which others can use it. */
  async function withConnection<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    try {
      const answer = await work(client);
      client.release();
      return answer;
    } catch (error) {
      const usable = judge(error, place).kind !== "lost" && (await rollBack(client));
      client.release(!usable);
      if (error instanceof Undone) return error.value as T;
      throw error;
    }
  }

  /** What calls have left behind that can no longer be repeated. When it fails, the next one removes more. */
  const clean = async (): Promise<void> => {
    await withConnection((client) => client.query(CLEAN)).catch(() => undefined);
  };

  function track<T>(work: Promise<T>): Promise<T> {
    const ended = work.finally(() => underWay.delete(ended));
    underWay.add(ended);
    return ended;
  }

  const runs = new Map<string, (...args: readonly unknown[]) => Promise<unknown>>();
  const runWith = (run: (operation: () => Steps<unknown>) => Promise<unknown>, group: object): void => {
    for (const [name, operation] of Object.entries(group) as [string, Operation][])
      runs.set(name, (...args) => run(() => operation(...args)));
  };
  runWith(write, writes);
  runWith(read, reads);
  runWith(snapshot, snapshots);
  void track(clean());
  return {
    call(name, ...args) {
      const run = runs.get(name);
      if (closed !== null) return Promise.reject(new StoreUnavailableError("closed", "the store is closed"));
      if (run === undefined) throw new Error(`the engine has no operation ${name}`);
      return track(run(...args)) as never;
    },
    close() {
      closed ??= Promise.allSettled(underWay).then(() => pool.end());
      return closed;
    },
  };
}

/** True when the connection can be used again. */
async function rollBack(client: PoolClient): Promise<boolean> {
  return client.query("ROLLBACK").then(
    () => true,
    () => false,
  );
}

/** One attempt at a write. @throws what stopped it; then `call` knows whether it may have been kept all the same */
async function attemptWrite(
  client: PoolClient,
  call: Call,
  operation: () => Steps<unknown>,
): Promise<unknown> {
  if (call.inDoubt) {
    const kept = await attemptThatWasKept(client, call);
    if (kept !== null) return call.answers[kept];
  }
  await client.query(BEGIN_WRITE);
  call.answers.push(await answerOf(client, call, operation));
  const attempt = call.answers.length - 1;
  try {
    await commit(client, call.callId, attempt);
    return call.answers[attempt];
  } catch (error) {
    if (isRepetition(error)) {
      await client.query("ROLLBACK");
      const kept = await attemptThatWasKept(client, call);
      if (kept !== null) return call.answers[kept];
    }
    call.inDoubt ||= judge(error, "").kind === "lost";
    throw error;
  }
}

/** What the operation answers. While an earlier attempt may still come through, "undone" is an answer that excludes it. */
async function answerOf(
  client: PoolClient,
  { inDoubt }: Call,
  operation: () => Steps<unknown>,
): Promise<unknown> {
  try {
    return await drive(client, operation());
  } catch (error) {
    if (!inDoubt || !(error instanceof Undone)) throw error;
    await client.query(`ROLLBACK; ${BEGIN_WRITE}`);
    return error.value;
  }
}

/** In one message, so that it costs one journey. A call that was committed before is refused by its key. */
async function commit(client: PoolClient, callId: string, attempt: number): Promise<void> {
  const text = `INSERT INTO control_calls (call_id, attempt) VALUES ('${callId}', ${attempt}); COMMIT`;
  // One for each statement, which its types do not say.
  const results: unknown = await client.query(text);
  const commands = Array.isArray(results) ? (results as readonly QueryResult[]) : [];
  if (commands[1]?.command !== "COMMIT") {
    throw new StoreUnavailableError("internal", "PostgreSQL took a transaction back without a reason");
  }
}

function isRepetition(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === "23505" && error.table === "control_calls";
}

async function attemptThatWasKept(client: PoolClient, { callId }: Call): Promise<number | null> {
  const { rows } = await client.query<{ attempt: number }>(
    "SELECT attempt FROM control_calls WHERE call_id = $1",
    [callId],
  );
  return rows[0]?.attempt ?? null;
}

/** Runs an operation's steps one after the other. Statements are prepared once per connection. */
async function drive<T>(client: PoolClient, steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (step.done !== true) {
    const { query, values } = step.value;
    const { rows } = await client.query<Row>({ ...query, values: [...values] });
    step = steps.next(rows);
  }
  return step.value;
}
