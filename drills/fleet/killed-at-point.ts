import { processesMentioning } from "@mosaic/testing";
import { RUN_POINTS, type RunPoint } from "../../apps/orchestrator/src/spawner/step-points.ts";
import type { Findings } from "../crash/invariants.ts";
import type { Mosaic } from "../mosaic-process.ts";
import { lookFor } from "../wait-for.ts";
import { type Field, onField } from "./field.ts";
import { isStopped, resume } from "./signals.ts";

/** Orchestrators that live through it. */
const LIVING = ["living-one", "living-two"];
/** Orchestrators that are lost in one round, each at its own point: as many as two cores can start in good time. */
const LOST_AT_ONCE = 8;
/** No task may run out of retries because of us. */
const MAX_RETRIES = 10;
/** A process that was told to be lost and is not, after this many milliseconds, never came to the point. */
const REACH_MS = 60_000;
/** Longest time that what an orchestrator had started outlives it, in milliseconds. */
const GONE_MS = 2_000;
/** Each takes exactly one task at first, so that each that is to be lost has one to be lost with. */
const ONE_EACH = { ORCHESTRATOR_QUEUE_CONCURRENCY: "1" };
/** Where a task is nearly done: what comes back there must neither push nor end it again. */
export const STOP_POINTS: readonly RunPoint[] = [
  "task.assigned",
  "gates.post-commit.recorded",
  "push.intended",
  "push.ready",
  "push.sent",
  "push.done",
  "push.recorded",
  "session.ended",
];

/** Each point is passed by one orchestrator that dies there, in rounds of points far from each other. */
export async function killedAtEachPoint(found: Findings): Promise<void> {
  const rounds = Math.ceil(RUN_POINTS.length / LOST_AT_ONCE);
  await withLiving(found, async (field, through) => {
    for (let round = 0; round < rounds; round += 1) {
      const points = RUN_POINTS.filter((_, at) => at % rounds === round);
      const dying = await startAt(field, points, (point) => point);
      await spawnAll(field, through, dying);
      for (const { point, mosaic } of dying) await diesAt(field, point, mosaic);
      await doneByOthers(field, through);
      // What they left is theirs to save and remove.
      await Promise.all(points.map(async (point) => await (await field.start(point)).stop()));
    }
  });
}

/** Each point is passed by one orchestrator that is stopped there until another has done its task. */
export async function stoppedAtPoints(found: Findings): Promise<void> {
  await withLiving(found, async (field, through) => {
    const stopping = await startAt(field, STOP_POINTS, (point) => `${point}:1:stop`);
    await spawnAll(field, through, stopping);
    for (const { point, mosaic } of stopping) await stopsAt(field, point, mosaic);
    await doneByOthers(field, through);
    for (const { mosaic } of stopping) resume(mosaic.pid);
  });
}

async function withLiving(
  found: Findings,
  play: (field: Field, through: Mosaic) => Promise<void>,
): Promise<void> {
  await onField({ found, env: ONE_EACH }, async (field) => {
    const [through] = await Promise.all(LIVING.map((name) => field.start(name)));
    if (through === undefined) return;
    await play(field, through);
    await field.finish(through);
  });
}

interface Lost {
  readonly point: RunPoint;
  readonly mosaic: Mosaic;
}

async function startAt(
  field: Field,
  points: readonly RunPoint[],
  crashAt: (point: RunPoint) => string,
): Promise<readonly Lost[]> {
  return await Promise.all(
    points.map(async (point) => ({
      point,
      mosaic: await field.start(point, { MOSAIC_CRASH_AT: crashAt(point) }),
    })),
  );
}

/** As many tasks as there are orchestrators, at the same moment. */
async function spawnAll(field: Field, through: Mosaic, lost: readonly Lost[]): Promise<void> {
  const round = lost[0]?.point ?? "";
  const living = LIVING.map((name) =>
    field.spawn(through, { taskId: `${round}-${name}`, maxRetries: MAX_RETRIES }),
  );
  await Promise.all([
    ...living,
    ...lost.map(async ({ point, mosaic }) => {
      const own = point.startsWith("admit.");
      const body = field.expect({ taskId: point, maxRetries: MAX_RETRIES });
      // The answer may never come: the point may lie before it.
      await (own ? mosaic : through).client.call("spawnAgent", { body }).catch((error: unknown) => {
        if (!own) throw error;
      });
    }),
  ]);
}

async function diesAt({ found, fleet }: Field, point: RunPoint, mosaic: Mosaic): Promise<void> {
  const started = performance.now();
  const timer = setTimeout(() => void mosaic.kill(), REACH_MS);
  await mosaic.ended;
  clearTimeout(timer);
  if (performance.now() - started >= REACH_MS) found.violations.push(`${point} was never reached`);
  // git that was asked things ends when nobody asks any more, a moment later.
  const mentioned = () => processesMentioning(`${fleet.home(point)}/`);
  await lookFor(async () => (await mentioned()).length === 0, GONE_MS);
  for (const pid of await mentioned())
    found.survivors.push(`${point}: process ${pid} outlived its orchestrator`);
}

/** While those that were lost stay away. */
async function doneByOthers({ found }: Field, { client }: Mosaic): Promise<void> {
  const query = { status: ["spawning" as const, "running" as const], limit: 100 };
  let left = "";
  const done = await lookFor(async () => {
    const { items } = await client.call("listAgents", { query });
    left = items.map(({ taskId, status }) => `${taskId} (${status})`).join(", ");
    return items.length === 0;
  }, REACH_MS);
  if (done === null) found.losses.push(`nobody takes over ${left}`);
}

async function stopsAt({ found }: Field, point: RunPoint, mosaic: Mosaic): Promise<void> {
  const stopped = await lookFor(() => isStopped(mosaic.pid), REACH_MS);
  if (stopped === null) found.violations.push(`${point} was never reached`);
}
