import { scenarioFile, type Mosaic } from "../../drills/mosaic-process.ts";
import { attemptsOf, type Fleet, seen, startFleet } from "../../tests/fleet.ts";
import { type BenchCase, median, timed } from "../measure.ts";

const ROUNDS = 5;
const LEASE_MS = 2000;
/** What a take-over may take beyond the lease, in milliseconds. */
const GRACE_MS = 3000;
const HEALTHY = { MOSAIC_MODEL_UPSTREAM: scenarioFile("repaired-at-once") };

/** Waits for the first event of a task that is stored from now on. */
async function nextEventOf({ client }: Mosaic, taskId: string, after: number): Promise<void> {
  const stop = new AbortController();
  try {
    for await (const item of client.streamEvents({ lastEventId: after, query: {}, signal: stop.signal }))
      if (item.kind === "event" && item.event.taskId === taskId) return;
  } finally {
    stop.abort();
  }
}

/** From the death of the orchestrator that had a task to the other's first event of it, in milliseconds. */
async function takeOver(fleet: Fleet, round: number): Promise<number> {
  const taskId = `task-${round}`;
  const lost = await fleet.start(`lost-${round}`);
  const agentId = await fleet.spawn(lost, taskId);
  const { id } = await seen(lost, agentId, "transcript.tool_result");
  const other = await fleet.start(`other-${round}`, HEALTHY);
  const ms = await timed(async () => {
    await lost.kill();
    await nextEventOf(other, taskId, id);
  });
  const attempts = await attemptsOf(other, agentId);
  if (attempts.at(-1)?.status !== "completed") throw new Error(`${taskId} was not done by the other`);
  await other.stop();
  return ms;
}

export const takeOverTime: BenchCase = {
  name: "take-over",
  async run() {
    const fleet = await startFleet(scenarioFile("works-then-waits"), {
      MOSAIC_LEASE_SECONDS: String(LEASE_MS / 1000),
    });
    try {
      const samples: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) samples.push(await takeOver(fleet, round));
      return [
        {
          what: "take-over: SIGKILL to the other's first event, slowest (floor: lease)",
          value: Math.max(...samples),
          unit: "ms",
          floor: LEASE_MS,
          bar: { at: "most", of: "value", limit: LEASE_MS + GRACE_MS },
        },
        {
          what: "take-over: SIGKILL to the other's first event, median (floor: lease)",
          value: median(samples),
          unit: "ms",
          floor: LEASE_MS,
          bar: null,
        },
      ];
    } finally {
      await fleet.close();
    }
  },
};
