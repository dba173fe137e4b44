import { fileURLToPath } from "node:url";
import type { Findings } from "../crash/invariants.ts";
import type { Mosaic } from "../mosaic-process.ts";
import { waitFor } from "../wait-for.ts";
import { type Field, onField } from "./field.ts";

const PRELOAD = fileURLToPath(new URL("shifted-clock.mjs", import.meta.url));
const FIVE_MINUTES = 300_000;
/** A retry comes after half of this to all of it. */
const RETRY_MS = 3000;
const LEASE_MS = 2000;
/** A dead orchestrator's tasks are looked for this often, in milliseconds, and a busy machine takes its time. */
const SLACK_MS = 10_000;
const ENV = { MOSAIC_RETRY_BASE_MS: String(RETRY_MS), ORCHESTRATOR_QUEUE_CONCURRENCY: "1" };
const IN_LINE = 5;

/**
 * One of two orchestrators has a clock that is five minutes off, before or behind. Tasks are claimed in their order, those
 * who live keep their leases, and each of the two takes over from the other in time when that is killed.
 */
export async function wrongClock(sign: 1 | -1, found: Findings): Promise<void> {
  const shifted = {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    DRILL_CLOCK_SHIFT_MS: String(sign * FIVE_MINUTES),
  };
  await onField({ found, env: ENV }, async (field) => {
    const wrong = await field.start("wrong", shifted);
    const right = await field.start("right");
    await checkShift(wrong, right, { sign, found });
    await inLine(field, [wrong, right]);
    await takenOver(field, { dies: wrong, lives: right, taskId: "from-wrong" });
    const back = await field.start("wrong", shifted);
    await takenOver(field, { dies: right, lives: back, taskId: "from-right" });
    await field.start("right");
    await checkAlive(back, found);
    await field.finish(back);
  });
}

interface Clock {
  readonly sign: 1 | -1;
  readonly found: Findings;
}

/** The drill is worth nothing if the clock is right after all. */
async function checkShift(wrong: Mosaic, right: Mosaic, { sign, found }: Clock): Promise<void> {
  const { items } = await right.client.call("listOrchestrators");
  const started = (pid: number) => Date.parse(items.find((item) => item.pid === pid)?.startedAt ?? "");
  const shift = started(wrong.pid) - started(right.pid);
  if (Math.abs(shift - sign * FIVE_MINUTES) > 60_000)
    found.violations.push(`the clock that should be wrong is ${shift} ms off`);
  await checkAlive(wrong, found);
  await checkAlive(right, found);
}

async function checkAlive({ client }: Mosaic, found: Findings): Promise<void> {
  const { items } = await client.call("listOrchestrators");
  if (items.length !== 2) found.violations.push(`${items.length} orchestrators are known instead of 2`);
  for (const { alive, url, heartbeatAt } of items) {
    if (!alive) found.violations.push(`${url} is said to be dead`);
    if (Math.abs(Date.parse(heartbeatAt) - Date.now()) > 60_000)
      found.violations.push(`the heartbeat of ${url} is said to be from ${heartbeatAt}`);
  }
}

/** Tasks that were asked for through both in turns are claimed in that order. */
async function inLine(field: Field, mosaics: readonly [Mosaic, Mosaic]): Promise<void> {
  const [one] = mosaics;
  await one.client.call("pauseQueue");
  const names = Array.from({ length: IN_LINE }, (_, at) => `in-line-${at}`);
  // An attempt of an orchestrator that lives is not to be given to the other.
  for (const [at, taskId] of names.entries())
    await field.spawn(mosaics[at % 2] ?? one, { taskId, maxRetries: 0 });
  const heard = await listen(one);
  await one.client.call("resumeQueue");
  const order: string[] = [];
  while (order.length < IN_LINE) order.push((await heard.next("task.assigned")).taskId);
  // Two claims at the same moment are written down in either order.
  if (names.some((taskId, at) => Math.abs(order.indexOf(taskId) - at) > 1))
    field.found.violations.push(`tasks were claimed in the order ${order.join(", ")}`);
  heard.stop();
  await idle(one);
}

async function idle({ client }: Mosaic): Promise<void> {
  await waitFor("an end of all tasks", async () => (await client.call("queueStats")).active === 0);
}

interface Takeover {
  readonly dies: Mosaic;
  readonly lives: Mosaic;
  readonly taskId: string;
}

/** Each has one task; the one that dies has its own taken over and retried when it is due. */
async function takenOver(field: Field, { dies, lives, taskId }: Takeover): Promise<void> {
  const { found } = field;
  const heard = await listen(lives);
  for (const at of [1, 2]) await field.spawn(lives, { taskId: `${taskId}-${at}` });
  for (const _ of [1, 2]) await heard.next("task.assigned");
  const killedAt = performance.now();
  await dies.kill();
  const interrupted = await heard.next("agent.failed");
  const takenMs = interrupted.at - killedAt;
  if (takenMs > LEASE_MS + SLACK_MS)
    found.violations.push(`${taskId} was taken over after ${Math.round(takenMs)} ms`);
  const retried = await heard.next("task.assigned");
  const delayMs = retried.at - interrupted.at;
  if (retried.taskId !== interrupted.taskId || delayMs < RETRY_MS / 2 - 500 || delayMs > RETRY_MS + SLACK_MS)
    found.violations.push(
      `${retried.taskId} was retried after ${Math.round(delayMs)} ms, not after ${RETRY_MS / 2} to ${RETRY_MS}`,
    );
  heard.stop();
  await idle(lives);
}

interface Heard {
  readonly taskId: string;
  /** By this process's clock that only goes on, in milliseconds. */
  readonly at: number;
}

/** What happens from now on, one kind at a time. */
async function listen({ client }: Mosaic) {
  const stop = new AbortController();
  const connected = Promise.withResolvers<void>();
  const onState = ({ kind }: { readonly kind: string }): void => {
    if (kind === "connected") connected.resolve();
  };
  const items = client.streamEvents({ signal: stop.signal, onState })[Symbol.asyncIterator]();
  let coming = items.next();
  await connected.promise;
  const kept: (Heard & { readonly type: string })[] = [];
  return {
    async next(type: string): Promise<Heard> {
      const at = kept.findIndex((event) => event.type === type);
      const [known] = at === -1 ? [] : kept.splice(at, 1);
      if (known !== undefined) return known;
      for (;;) {
        const { value: item, done } = await coming;
        if (done === true) throw new Error(`the stream ended before ${type}`);
        coming = items.next();
        if (item.kind !== "event") continue;
        const heard = { type: item.event.type, taskId: item.event.taskId ?? "", at: performance.now() };
        if (heard.type === type) return heard;
        kept.push(heard);
      }
    },
    stop(): void {
      stop.abort();
      coming.catch(() => undefined);
    },
  };
}
