import { readdir } from "node:fs/promises";
import { join, relative } from "node:path";
import type { AgentView, StoredEvent } from "@mosaic/contracts";
import { isRetryable } from "@mosaic/domain";
import { type GitFixture, processesMentioning } from "@mosaic/testing";
import type { OrchestratorClient } from "../mosaic-process.ts";

/** What was found wrong, by kind; each a sentence. */
export interface Findings {
  readonly survivors: string[];
  readonly losses: string[];
  readonly violations: string[];
}

export const noFindings = (): Findings => ({ survivors: [], losses: [], violations: [] });

/** A task that was asked for. */
export interface Wanted {
  readonly taskId: string;
  readonly remote: string;
  readonly maxRetries: number;
}

const ENDED = new Set(["completed", "failed", "killed"]);
const STATE_EVENT =
  /^(?:agent|task)\.(?:spawning|running|completed|failed|killed|pending|assigned|executing)$/;

/** Looks at every task through the API, and at what its remote holds. */
export async function checkTasks(
  client: OrchestratorClient,
  git: GitFixture,
  { wanted, found }: { readonly wanted: readonly Wanted[]; readonly found: Findings },
): Promise<void> {
  const gated = new Map<string, Map<string, Set<string>>>();
  for (const task of wanted) {
    const { items } = await client.call("listAgents", { query: { taskId: task.taskId, limit: 100 } });
    const attempts = [...items].sort((a, b) => a.attempt - b.attempt);
    const events = new Map<string, readonly StoredEvent[]>();
    for (const { agentId } of attempts) events.set(agentId, await eventsOf(client, agentId));
    checkAttempts(task, attempts, found);
    for (const agent of attempts) checkEvents(agent, events.get(agent.agentId) ?? [], found);
    const pushes = gated.get(task.remote) ?? new Map<string, Set<string>>();
    gated.set(task.remote, pushes);
    for (const agent of attempts.filter(({ pushedCommit }) => pushedCommit !== undefined)) {
      const approved = approvedIn(events.get(agent.agentId) ?? []);
      pushes.set(agent.branch ?? "", approved);
      if (agent.status !== "completed")
        found.violations.push(`${agent.agentId} pushed and is ${agent.status}`);
    }
  }
  for (const [remote, pushes] of gated) await checkRemote(git, { remote, pushes, found });
}

async function eventsOf(client: OrchestratorClient, agentId: string): Promise<readonly StoredEvent[]> {
  const page = await client.call("listAgentEvents", { params: { agentId }, query: { limit: 1000 } });
  return page.items as readonly StoredEvent[];
}

/** Done exactly once, after attempts that each ended and are linked. */
function checkAttempts(task: Wanted, attempts: readonly AgentView[], { losses, violations }: Findings): void {
  const name = `task ${task.taskId}`;
  if (attempts.length === 0) return void losses.push(`${name} is not known any more`);
  if (attempts.length > task.maxRetries + 1) violations.push(`${name} had ${attempts.length} attempts`);
  for (const [at, agent] of attempts.entries()) {
    if (agent.attempt !== at + 1) violations.push(`${name} has attempt ${agent.attempt} in place ${at + 1}`);
    if (!ENDED.has(agent.status)) violations.push(`${agent.agentId} is shown as ${agent.status}`);
    if (agent.retryOf !== attempts[at - 1]?.agentId || agent.retriedBy !== attempts[at + 1]?.agentId)
      violations.push(`${agent.agentId} is not linked with the attempts beside it`);
    const last = at === attempts.length - 1;
    if (last && agent.status !== "completed")
      losses.push(`${name} ended ${agent.status}: ${agent.reason} ${agent.error}`);
    // A machine that is overloaded may fail an attempt by itself; only a verdict must never be tried again.
    if (!last && (agent.status !== "failed" || !isRetryable(agent.reason ?? "internal")))
      violations.push(`${agent.agentId} was followed, and is ${agent.status} (${agent.reason})`);
  }
}

function checkEvents(agent: AgentView, events: readonly StoredEvent[], { violations }: Findings): void {
  const seen = new Map<string, number>();
  for (const { type } of events) seen.set(type, (seen.get(type) ?? 0) + 1);
  for (const [type, count] of seen) {
    // A retried task becomes pending under its old agent; so each agent has each state once.
    const most = type === "task.pending" ? 2 : 1;
    if (STATE_EVENT.test(type) && count > most)
      violations.push(`${agent.agentId} has ${count} events ${type}`);
  }
  if (seen.get(`agent.${agent.status}`) !== 1)
    violations.push(`${agent.agentId} is ${agent.status} without its event`);
  const ids = events.map(({ id }) => id);
  if (ids.some((id, at) => at > 0 && id <= (ids[at - 1] ?? 0)))
    violations.push(`events of ${agent.agentId} are not in order`);
}

/** Commits all of whose gates have approved them. */
function approvedIn(events: readonly StoredEvent[]): Set<string> {
  const inPhase = (phase: string): Set<string> =>
    new Set(
      events.flatMap((event) =>
        event.type === "gates.approved" && event.data.phase === phase ? [event.data.commit] : [],
      ),
    );
  const before = inPhase("pre-commit");
  return new Set([...inPhase("post-commit")].filter((commit) => before.has(commit)));
}

/** Every branch beside `main` is one that a completed agent pushed, at a commit that its gates approved. */
async function checkRemote(
  git: GitFixture,
  { remote, pushes, found }: { remote: string; pushes: ReadonlyMap<string, Set<string>>; found: Findings },
): Promise<void> {
  const refs = await git.git(remote, "for-each-ref", "--format=%(objectname) %(refname)");
  const left = new Set(pushes.keys());
  for (const line of refs.split("\n")) {
    const [commit = "", ref = ""] = line.split(" ");
    const branch = ref.replace(/^refs\/heads\//, "");
    if (branch === "main") continue;
    left.delete(branch);
    const approved = pushes.get(branch);
    if (approved === undefined) found.violations.push(`${ref} was pushed, and no agent says so`);
    else if (!approved.has(commit)) found.violations.push(`${ref} is at ${commit}, which no gate approved`);
  }
  for (const branch of left) found.losses.push(`${branch} is said to be pushed, and is not on the remote`);
}

interface LeftoverCheck {
  readonly git: GitFixture;
  /** Whose refs the mirrors may have. */
  readonly agents: ReadonlySet<string>;
  readonly found: Findings;
  readonly mayKeep?: boolean;
}

/** After a clean stop: what may lie in the data folder, and what may run. */
export async function checkLeftovers(
  home: string,
  { git, agents, found, mayKeep = false }: LeftoverCheck,
): Promise<void> {
  // What could not be saved as a commit is moved to `kept`, and stays: nothing but a full disk may lead there.
  const folders = ["workspaces", "private", "scratch", "trash", "run", ...(mayKeep ? [] : ["kept"])];
  for (const folder of folders) {
    for (const name of await namesIn(join(home, folder))) found.survivors.push(`${folder}/${name}`);
  }
  for (const name of await namesIn(join(home, "mirrors"))) {
    const mirror = join(home, "mirrors", name);
    if (name.startsWith(".")) found.survivors.push(`mirrors/${name}`);
    for (const tree of await namesIn(join(mirror, "worktrees"))) found.survivors.push(`a worktree: ${tree}`);
    const files = await readdir(mirror, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => /\.lock$|^tmp_/.test(entry.name)))
      found.survivors.push(`mirrors/${name}/${relative(mirror, join(file.parentPath, file.name))}`);
    const refs = await git.git(mirror, "for-each-ref", "--format=%(refname)");
    for (const ref of refs.split("\n").filter((line) => line !== "" && !isExpected(line, agents)))
      found.survivors.push(`ref ${ref}`);
  }
  for (const name of await namesIn(home)) {
    if (/\.lock\.json$|\.new$|^cli-token\./.test(name)) found.survivors.push(name);
  }
  for (const pid of await processesMentioning(home)) found.survivors.push(`process ${pid}`);
}

/** Snapshots, merges with a base that moved, salvage, what was pushed, branches that work was committed to, and the remote's own branches. */
function isExpected(ref: string, agents: ReadonlySet<string>): boolean {
  const agent =
    /^refs\/mosaic\/(?:agents\/([^/]+)\/(?:snapshots\/\d+(?:\.5)?|integrations\/[0-9a-f]+|pushed)|(?:salvage|commits)\/([^/]+)(?:\/\S+)?)$/.exec(
      ref,
    );
  if (agent !== null) return agents.has(agent[1] ?? agent[2] ?? "");
  return /^refs\/(?:remotes\/origin|heads\/mosaic)\//.test(ref);
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
