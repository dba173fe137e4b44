import type { AgentView, SpawnRequest, StoredEvent } from "@mosaic/contracts";
import { openPostgresStore } from "@mosaic/store";
import { type Fleet, startFleet } from "../../tests/fleet.ts";
import type { Servers } from "../../tests/store-mode.ts";
import { checkLeftovers, checkTasks, type Findings, type Wanted } from "../crash/invariants.ts";
import { taskOf } from "../crash/place.ts";
import { settle } from "../crash/settle.ts";
import { type Mosaic, type OrchestratorClient, scenarioFile } from "../mosaic-process.ts";
import { lookFor } from "../wait-for.ts";

/** A store that is on its way back is there by then, in milliseconds. */
const REACHABLE_MS = 120_000;

/** Orchestrators on one store, what was asked of them, and what is found wrong. */
export interface Field {
  readonly fleet: Fleet;
  readonly found: Findings;
  /** Starts an orchestrator, or starts it again. */
  start(name: string, env?: Readonly<Record<string, string>>): Promise<Mosaic>;
  /** Asks for a task that has to be done once in the end. */
  spawn(through: Mosaic, task: TaskWish): Promise<void>;
  /** The task is expected from now on, whether or not its spawn was ever answered. */
  expect(task: TaskWish): SpawnRequest;
  /**
   * Waits until everything is done and looks at all of it through one orchestrator; then ends all, and looks at what each
   * has left in its data folder.
   */
  finish(through: Mosaic): Promise<void>;
}

export interface TaskWish {
  readonly taskId: string;
  /** Attempts beyond the first that a fault of the drill may cost. */
  readonly maxRetries?: number;
  readonly request?: SpawnRequest;
}

export interface FieldOptions {
  readonly found: Findings;
  readonly upstream?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly servers?: Servers;
}

/** Plays on a new fleet, and removes it whatever happens. */
export async function onField(
  { found, upstream = scenarioFile("repaired"), env = {}, servers }: FieldOptions,
  play: (field: Field) => Promise<void>,
): Promise<void> {
  const fleet = await startFleet(upstream, { MAX_CONCURRENT_AGENTS: "64", ...env }, servers);
  const wanted: Wanted[] = [];
  const running = new Map<string, Mosaic>();
  const field: Field = {
    fleet,
    found,
    async start(name, more) {
      const mosaic = await fleet.start(name, more);
      running.set(name, mosaic);
      return mosaic;
    },
    expect({ taskId, maxRetries = 3, request = taskOf(taskId, fleet.remote, maxRetries) }) {
      wanted.push({ taskId, remote: request.context.repository, maxRetries });
      return request;
    },
    async spawn(through, task) {
      await through.client.call("spawnAgent", { body: field.expect(task) });
    },
    async finish(through) {
      const homes = [...running.keys()].map((name) => fleet.home(name));
      if (!(await settleWhenReachable(through.client, homes))) found.losses.push("work was left");
      await checkTasks(through.client, fleet.git, { wanted, found });
      const agents = await allAgents(through.client);
      for (const agent of agents) await checkFenced(through.client, agent, found);
      if (!(await through.client.call("verifyAudit")).ok) found.violations.push("the audit chain is broken");
      await Promise.all([...running.values()].map((mosaic) => mosaic.stop()));
      await checkLedger(fleet.servers.env["DATABASE_URL"] ?? "", found);
      const ids = new Set(agents.map(({ agentId }) => agentId));
      for (const home of homes) await checkLeftovers(home, { git: fleet.git, agents: ids, found });
    },
  };
  try {
    await play(field);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    found.violations.push(`could not be played to its end: ${text}`);
  } finally {
    await fleet.close();
  }
}

/** A store that is still on its way back is not an answer yet. */
async function settleWhenReachable(client: OrchestratorClient, homes: readonly string[]): Promise<boolean> {
  let why: unknown = null;
  const settled = await lookFor(async () => {
    try {
      return { inTime: await settle(client, homes) };
    } catch (error) {
      why = error;
      return null;
    }
  }, REACHABLE_MS);
  if (settled === null) throw why;
  return settled.inTime;
}

/** Everybody there ever was. */
export async function allAgents(client: OrchestratorClient): Promise<readonly AgentView[]> {
  const agents: AgentView[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: 100, ...(cursor === undefined ? {} : { cursor }) };
    const page = await client.call("listAgents", { query });
    agents.push(...page.items);
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return agents;
}

const ENDS = new Set<StoredEvent["type"]>(["agent.completed", "agent.failed", "agent.killed"]);
/** What belongs to the end, and what another agent at work says of both. */
const AFTER_AN_END = /^(?:agent\.(?:cleanup|overlap)|task\.(?:pending|completed|failed))$/;

/** Whoever lost its task says nothing more of it, but how it cleaned up after itself. */
async function checkFenced(client: OrchestratorClient, agent: AgentView, found: Findings): Promise<void> {
  const query = { limit: 1000 };
  const page = await client.call("listAgentEvents", { params: { agentId: agent.agentId }, query });
  const events = page.items as readonly StoredEvent[];
  const end = events.findIndex(({ type }) => ENDS.has(type));
  for (const { type } of events.slice(end + 1).filter((event) => !AFTER_AN_END.test(event.type)))
    found.violations.push(`${agent.agentId} had ended (${agent.status}), and then came ${type}`);
}

/** All that was spent adds up, and nobody holds anything any more. */
async function checkLedger(databaseUrl: string, found: Findings): Promise<void> {
  const store = await openPostgresStore({ url: databaseUrl });
  try {
    const [balance] = await store.usage.balances([{ scope: "instance", subject: "" }]);
    const { total } = await store.usage.sums({ by: "task", since: null, limit: 1 });
    const { spentUsd = 0, reservedUsd = 0 } = balance ?? {};
    if (Math.abs(spentUsd - total.costUsd) > 1e-6)
      found.violations.push(`the ledger's entries add up to $${total.costUsd}, its balance is $${spentUsd}`);
    if (reservedUsd !== 0) found.violations.push(`$${reservedUsd} are still held by nobody`);
  } finally {
    await store.close();
  }
}
