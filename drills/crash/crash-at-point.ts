import { type Mosaic, scenarioFile, startMosaic, tryMosaic } from "../mosaic-process.ts";
import { checkLeftovers, checkTasks, type Findings, noFindings } from "./invariants.ts";
import { makePlace, type Place, taskOf } from "./place.ts";
import { settle } from "./settle.ts";

export interface CrashTry {
  /** As MOSAIC_CRASH_AT names it. */
  readonly point: string;
  /** For a point that only a start after a crash passes: where the process before it died. */
  readonly after?: string;
}

export interface CrashFindings extends Findings {
  /** From the start of the process after the crash until it served, in milliseconds. */
  readonly servingMs: number;
}

/** A process that was told to die and has not, after this many milliseconds, never came to the point. */
const REACH_MS = 60_000;
const UPSTREAM = scenarioFile("repaired");

/** Kills `mosaic up` at a step boundary, starts it again without, and looks at everything when it has settled. */
export async function crashAtPoint({ point, after }: CrashTry): Promise<CrashFindings> {
  const place = await makePlace();
  const found = noFindings();
  const { home, git, remote } = place;
  let mosaic: Mosaic | null = null;
  try {
    for (const crashAt of after === undefined ? [point] : [after, point]) {
      if (!(await diesAt(place, crashAt))) found.violations.push(`${crashAt} was never reached`);
    }
    mosaic = await startMosaic({ home, upstream: UPSTREAM });
    // A caller that got no answer asks again; a task that is known must not be started twice by that.
    await mosaic.client.call("spawnAgent", { body: taskOf("t", remote) });
    if (!(await settle(mosaic.client, home))) found.losses.push("work was left after two minutes");
    await checkTasks(mosaic.client, git, { wanted: [{ taskId: "t", remote, maxRetries: 3 }], found });
    const { items } = await mosaic.client.call("listAgents", { query: { limit: 100 } });
    await mosaic.stop();
    await checkLeftovers(home, { git, agents: new Set(items.map(({ agentId }) => agentId)), found });
    return { ...found, servingMs: mosaic.readyMs };
  } catch (error) {
    found.violations.push(`the try could not be played to its end: ${String(error)}`);
    return { ...found, servingMs: mosaic?.readyMs ?? 0 };
  } finally {
    await mosaic?.kill();
    await place.dispose();
  }
}

/** Starts a process that dies at a point, gives it the task, and says whether it died there. */
async function diesAt({ home, remote }: Place, crashAt: string): Promise<boolean> {
  const mosaic = await tryMosaic({ home, upstream: UPSTREAM, env: { MOSAIC_CRASH_AT: crashAt } });
  if (!("client" in mosaic)) return mosaic.signal === "SIGKILL";
  const timer = setTimeout(() => void mosaic.stop(), REACH_MS);
  // The answer may never come: the point may lie before it.
  await mosaic.client.call("spawnAgent", { body: taskOf("t", remote) }).catch(() => null);
  const { signal } = await mosaic.ended;
  clearTimeout(timer);
  return signal === "SIGKILL";
}
