import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { checkLeftovers, checkTasks } from "../crash/invariants.ts";
import { makePlace, taskOf } from "../crash/place.ts";
import { settle } from "../crash/settle.ts";
import type { ScenarioResult } from "../drill.ts";
import { scenarioFile, startMosaic, tryMosaic } from "../mosaic-process.ts";
import { agentIds, expectSays, scenarioOf, seen } from "./outcome.ts";

/** Longer than the store waits for a lock (5 s). */
const HELD_MS = 7000;

/** What a person with a SQLite shell does: takes the write lock and goes to lunch. */
function holdWriteLock(home: string): () => void {
  const db = new DatabaseSync(join(home, "mosaic.db"));
  // Mosaic may be writing just now; a shell waits, too.
  db.exec("PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE");
  return () => {
    db.exec("ROLLBACK");
    db.close();
  };
}

export function storeLocked(): Promise<ScenarioResult> {
  return scenarioOf(async (found) => {
    const place = await makePlace();
    const { home, git, remote } = place;
    const options = { home, upstream: scenarioFile("repaired"), env: { MOSAIC_LEASE_SECONDS: "2" } };
    let mosaic = await startMosaic(options);
    try {
      const { agentId } = await mosaic.client.call("spawnAgent", { body: taskOf("t", remote, 10) });
      await seen(mosaic.client, agentId, "transcript.tool_call");
      const release = holdWriteLock(home);
      const answer = await mosaic.client.call("spawnAgent", { body: taskOf("during", remote) }).then(
        () => "it was accepted",
        (error: unknown) => String(error),
      );
      expectSays(found, "a spawn while the store is locked", {
        text: answer,
        says: /lock|busy|another program/i,
      });
      await pause(HELD_MS - 5000);
      release();
      await mosaic.client.call("spawnAgent", { body: taskOf("during", remote) });
      if (!(await settle(mosaic.client, home))) found.losses.push("work was left");
      const { items } = await mosaic.client.call("listAgents", { query: { limit: 100 } });
      for (const taskId of ["t", "during"]) {
        const done = items.filter((agent) => agent.taskId === taskId && agent.status === "completed").length;
        const how = items.map(
          ({ attempt, status, reason, error }) => `${attempt} ${status} ${reason} ${error}`,
        );
        if (done !== 1) found.losses.push(`task ${taskId} was completed ${done} times: ${how.join("; ")}`);
      }
      const agents = await agentIds(mosaic.client);
      await mosaic.stop();
      await checkLeftovers(home, { git, agents, found });

      const hold = holdWriteLock(home);
      const refused = await tryMosaic(options);
      hold();
      if ("client" in refused) await refused.stop();
      else {
        expectSays(found, "a refused start", { text: refused.stderr, says: /lock|busy|another program/i });
        if (/which is a bug/.test(refused.stderr)) found.violations.push(`told as a bug: ${refused.stderr}`);
      }
      mosaic = await startMosaic(options);
      await checkTasks(mosaic.client, git, {
        wanted: [{ taskId: "during", remote, maxRetries: 3 }],
        found: { ...found, violations: [] },
      });
    } finally {
      await mosaic.kill();
      await place.dispose();
    }
  });
}
