import type { AgentView } from "@mosaic/contracts";
import { processesMentioning } from "@mosaic/testing";
import { setTimeout as pause } from "node:timers/promises";
import { type Fleet, pushedBranches, seen } from "../../tests/fleet.ts";
import type { Findings } from "../crash/invariants.ts";
import { type Mosaic, scenarioFile } from "../mosaic-process.ts";
import { lookFor } from "../wait-for.ts";
import { allAgents, onField } from "./field.ts";
import { resume, stop } from "./signals.ts";

/** Agents of each orchestrator. */
const EACH = 2;
const NAMES = ["dead", "frozen", "asked"] as const;
const LIMIT_MS = 60_000;
/** What a start does of its own accord is done by then, in milliseconds. */
const WATCH_MS = 3000;

/** Who comes back first: neither may answer for the other. */
export type Back = "dead" | "frozen";

/** Kill-all while one of three orchestrators is dead and one stopped; then both come back. Answers with its time. */
export async function killAllWithSilent(first: Back, found: Findings): Promise<number> {
  let tookMs = 0;
  const upstream = scenarioFile("works-then-waits");
  await onField(
    { found, upstream, env: { ORCHESTRATOR_QUEUE_CONCURRENCY: String(EACH) } },
    async ({ fleet }) => {
      const [dead, frozen, asked] = await Promise.all(NAMES.map((name) => fleet.start(name)));
      if (dead === undefined || frozen === undefined || asked === undefined) return;
      const agents = await Promise.all(
        Array.from({ length: EACH * NAMES.length }, (_, at) => fleet.spawn(asked, `t${at}`)),
      );
      await Promise.all(agents.map((agentId) => seen(asked, agentId, "transcript.tool_result")));
      await dead.kill();
      stop(frozen.pid);
      const started = performance.now();
      const answer = await asked.client.call("killAll", { body: { reason: "drill" } });
      tookMs = performance.now() - started;
      const silent = answer.silent.map(({ url }) => url).sort();
      if (silent.join() !== [dead.url, frozen.url].sort().join())
        found.violations.push(`named as silent: ${silent.join(", ") || "nobody"}`);
      if (answer.killed !== EACH || answer.failed !== 2 * EACH) found.violations.push(answer.message);
      await checkHeld(asked, { agents, alive: EACH, found });

      const restart = (): Promise<Mosaic> => fleet.start("dead");
      if (first === "dead") await restart();
      if (first === "dead") await killedOf(asked, { agents, wanted: 2 * EACH });
      if (first === "dead") await pause(WATCH_MS);
      // What the frozen one runs lives on: nobody else may say that it is gone.
      if (first === "dead") await checkHeld(asked, { agents, alive: 2 * EACH, found });
      resume(frozen.pid);
      if (first === "frozen") await killedOf(asked, { agents, wanted: 2 * EACH });
      if (first === "frozen") await restart();
      if (!(await killedOf(asked, { agents, wanted: agents.length })))
        found.survivors.push("agents are left");
      await checkEnd(fleet, asked, { agents, found });
    },
  );
  return tookMs;
}

interface Held {
  readonly agents: readonly string[];
  readonly found: Findings;
}

const killedAmong = (all: readonly AgentView[]): readonly AgentView[] =>
  all.filter(({ status }) => status === "killed");

async function killedOf(
  { client }: Mosaic,
  { wanted }: { readonly agents: readonly string[]; readonly wanted: number },
): Promise<boolean> {
  const enough = async () => killedAmong(await allAgents(client)).length >= wanted;
  return (await lookFor(enough, LIMIT_MS)) !== null;
}

/** Exactly as many are said to be killed as were, and nothing of these runs. */
async function checkHeld({ client }: Mosaic, { alive, found }: Held & { alive: number }): Promise<void> {
  const killed = killedAmong(await allAgents(client));
  if (killed.length !== alive)
    found.violations.push(`${killed.length} agents are said to be killed, not ${alive}`);
  for (const { agentId } of killed)
    for (const pid of await processesMentioning(agentId))
      found.survivors.push(`${agentId} is said to be killed, and process ${pid} runs`);
}

async function checkEnd(fleet: Fleet, { client }: Mosaic, { agents, found }: Held): Promise<void> {
  for (const agentId of agents) {
    const agent = await client.call("getAgent", { params: { agentId } });
    const { receipt } = (agent.details ?? {}) as {
      readonly receipt?: { readonly residual?: readonly string[] };
    };
    if (agent.status !== "killed" || agent.retriedBy !== undefined)
      found.survivors.push(`${agentId} is ${agent.status}, retried by ${agent.retriedBy}`);
    if (receipt?.residual?.length !== 0)
      found.survivors.push(`${agentId} has a receipt with ${receipt?.residual?.join("; ")}`);
    for (const pid of await processesMentioning(agentId)) found.survivors.push(`${agentId}: process ${pid}`);
  }
  const branches = await pushedBranches(fleet);
  if (branches.length > 0) found.violations.push(`${branches.join(", ")} were pushed`);
  if (!(await client.call("verifyAudit")).ok) found.violations.push("the audit chain is broken");
}
