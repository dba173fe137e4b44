import { membersOf } from "@mosaic/testing";
import type { ScenarioResult } from "../drill.ts";
import type { Arena } from "./arena.ts";
import { type Hostile, hostile } from "./kill-agent.ts";
import { newTally } from "./tally.ts";
import { waitFor } from "../wait-for.ts";

const ATTACKS = ["respawner", "daemon", "ignores signals"];

/**
 * SIGKILL of an orchestrator whose hostile agents run, with another one beside it on the same engine: nothing of the first
 * is left after its next start, and the other's agent is never touched.
 */
export async function orphans(arena: Arena, sibling: Arena): Promise<ScenarioResult> {
  const tally = newTally();
  const theirs = await hostile(sibling, "setsid");
  const livedBefore = await membersOf(theirs.namespaces.names);
  const own: Hostile[] = await Promise.all(ATTACKS.map((attack) => hostile(arena, attack)));
  await arena.mosaic.kill();
  const started = performance.now();
  await arena.restart();
  await waitFor("the end of the orphans", async () => {
    const left = await Promise.all(own.map(({ namespaces }) => membersOf(namespaces.names)));
    return left.flat().length === 0 ? true : null;
  }).catch(() => null);
  tally.took(performance.now() - started);
  for (const { agentId, namespaces } of own) {
    tally.survived((await membersOf(namespaces.names)).map((pid) => `process ${pid}`));
    const containers = (await arena.adapter.containers()).filter((name) => name.includes(agentId));
    tally.survived(containers.map((name) => `container ${name}`));
  }
  const livesAfter = new Set(await membersOf(theirs.namespaces.names));
  for (const pid of livedBefore)
    if (!livesAfter.has(pid)) tally.broken(`process ${pid} of the sibling was ended`);
  await sibling.mosaic.client.call("killAgent", {
    params: { agentId: theirs.agentId },
    body: { reason: "drill" },
  });
  return tally.result(ATTACKS.length);
}
