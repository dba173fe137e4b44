import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { MovedPoint } from "../../apps/orchestrator/src/spawner/step-points.ts";
import { TINY_REPOSITORY } from "../../tests/tiny-repository.ts";
import type { CrashFindings } from "../crash/crash-at-point.ts";
import { checkLeftovers, checkTasks, noFindings } from "../crash/invariants.ts";
import { makePlace, type Place, taskOf } from "../crash/place.ts";
import { settle } from "../crash/settle.ts";
import { type Mosaic, scenarioFile, startMosaic } from "../mosaic-process.ts";

/** A process that was told to die and has not, after this many milliseconds, never came to the point. */
const REACH_MS = 60_000;
/** Waits for the flag in its tree. Ignored, so that it is nobody's change; on `main` once that has moved. */
const FLAG = "moved.flag";
const FILES = { ...TINY_REPOSITORY, ".gitignore": `lcov.info\n${FLAG}\n` };
const CONFLICTING = "export function sum(a, b) {\n  return a - b; // by somebody else\n}\n";

/** Kills `mosaic up` at a step that only an attempt passes whose base branch moved, and looks at what comes of it. */
export async function crashWhileMoved(point: MovedPoint): Promise<CrashFindings> {
  const place = await makePlace();
  const found = noFindings();
  const isClean = point === "merge.recorded";
  const upstream = scenarioFile(isClean ? "works-while-base-moves" : "resolves-conflict");
  let mosaic: Mosaic | null = null;
  try {
    const remote = await place.git.remote(FILES);
    const theirs = isClean ? { "docs.md": "theirs\n" } : { "src/sum.js": CONFLICTING };
    const died = await diesAt(place, { point, upstream, remote, theirs: { ...theirs, [FLAG]: "" } });
    if (!died) found.violations.push(`${point} was never reached`);
    mosaic = await startMosaic({ home: place.home, upstream });
    if (!(await settle(mosaic.client, place.home))) found.losses.push("work was left after two minutes");
    await checkTasks(mosaic.client, place.git, { wanted: [{ taskId: "t", remote, maxRetries: 3 }], found });
    const { items } = await mosaic.client.call("listAgents", { query: { limit: 100 } });
    await mosaic.stop();
    const agents = new Set(items.map(({ agentId }) => agentId));
    await checkLeftovers(place.home, { git: place.git, agents, found });
    return { ...found, servingMs: mosaic.readyMs };
  } catch (error) {
    found.violations.push(`the try could not be played to its end: ${String(error)}`);
    return { ...found, servingMs: mosaic?.readyMs ?? 0 };
  } finally {
    await mosaic?.kill();
    await place.dispose();
  }
}

interface Dying {
  readonly point: MovedPoint;
  readonly upstream: string;
  readonly remote: string;
  readonly theirs: Readonly<Record<string, string>>;
}

async function diesAt({ home, git }: Place, { point, upstream, remote, theirs }: Dying): Promise<boolean> {
  const mosaic = await startMosaic({ home, upstream, env: { MOSAIC_CRASH_AT: point } });
  const timer = setTimeout(() => void mosaic.stop(), REACH_MS);
  const { agentId } = await mosaic.client.call("spawnAgent", { body: taskOf("t", remote) });
  for await (const item of mosaic.client.streamEvents({ lastEventId: 0, query: { agent: agentId } })) {
    if (item.kind === "event" && item.event.type === "agent.running") break;
  }
  await git.commit(remote, "main", theirs);
  await writeFile(join(home, "workspaces", `agent-${agentId}-t`, FLAG), "");
  const { signal } = await mosaic.ended;
  clearTimeout(timer);
  return signal === "SIGKILL";
}
