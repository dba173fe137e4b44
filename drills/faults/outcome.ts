import type { AgentView } from "@mosaic/contracts";
import { type Findings, noFindings } from "../crash/invariants.ts";
import { seenEvent } from "../../tests/seen-event.ts";
import type { ScenarioResult } from "../drill.ts";
import type { OrchestratorClient } from "../mosaic-process.ts";

/** Plays one scenario; what it throws is a violation. */
export async function scenarioOf(play: (found: Findings) => Promise<void>): Promise<ScenarioResult> {
  const found = noFindings();
  const started = performance.now();
  try {
    await play(found);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    found.violations.push(`could not be played to its end: ${text}`);
  }
  return {
    tries: 1,
    survivors: found.survivors.length,
    losses: found.losses.length,
    violations: found.violations.length,
    slowestMs: performance.now() - started,
    details: [...found.survivors, ...found.losses, ...found.violations],
  };
}

/** Notes a violation unless `text` says what it should. */
export function expectSays(
  found: Findings,
  what: string,
  { text, says }: { text: string; says: RegExp },
): void {
  if (!says.test(text)) found.violations.push(`${what} does not say ${String(says)}: ${text.slice(0, 600)}`);
}

/** Waits for an event of an agent, looking at what was stored before, too. @throws when the stream ends before it came */
export async function seen(client: OrchestratorClient, agentId: string, type: string): Promise<void> {
  await seenEvent(client, agentId, (event) => event.type === type);
}

/** The newest attempt at a task. */
export async function lastAttempt(client: OrchestratorClient, taskId: string): Promise<AgentView> {
  const { items } = await client.call("listAgents", { query: { taskId, limit: 100 } });
  const last = items.reduce((a, b) => (a.attempt > b.attempt ? a : b), items[0] as AgentView);
  return await client.call("getAgent", { params: { agentId: last.agentId } });
}

/** Every id of an agent. */
export async function agentIds(client: OrchestratorClient): Promise<Set<string>> {
  const { items } = await client.call("listAgents", { query: { limit: 100 } });
  return new Set(items.map(({ agentId }) => agentId));
}
