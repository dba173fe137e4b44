import type { AgentView } from "@mosaic/contracts";
import type { Mosaic } from "../drills/mosaic-process.ts";
import type { Installation } from "./installation.ts";

/** Everything that a task can be found out about afterwards. */
export interface Outcome {
  readonly agents: readonly AgentView[];
  /** Each a sentence: a task that was not done, or not exactly once. */
  readonly problems: readonly string[];
}

const ENDS = new Set(["task.completed", "task.failed"]);

/** Resolves when as many tasks have ended, of whichever orchestrator, or when `signal` fires: the outcome tells then. */
export async function tasksEnded({ client }: Mosaic, count: number, signal: AbortSignal): Promise<void> {
  const ended = new Set<string>();
  try {
    for await (const item of client.streamEvents({ lastEventId: 0, query: {}, signal })) {
      if (item.kind !== "event" || !ENDS.has(item.event.type)) continue;
      ended.add(item.event.taskId ?? "");
      if (ended.size === count) return;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Compares what was asked for with the store and with the branches on the remote. */
export async function outcomeOf(
  { orchestrators, git, remote }: Installation,
  taskIds: readonly string[],
): Promise<Outcome> {
  const [first] = orchestrators;
  if (first === undefined) throw new Error("there is no orchestrator to ask");
  const { items } = await first.client.call("listAgents", { query: { limit: 200 } });
  const refs = await git.git(
    remote,
    "for-each-ref",
    "--format=%(refname:short) %(objectname)",
    "refs/heads/mosaic",
  );
  const branches = new Map(
    refs.split("\n").flatMap((line) => {
      const [branch = "", commit = ""] = line.split(" ");
      return branch === "" ? [] : [[branch, commit]];
    }),
  );
  return { agents: items, problems: findProblems(taskIds, items, branches) };
}

/** @param branches on the remote: name and commit */
export function findProblems(
  taskIds: readonly string[],
  agents: readonly Pick<AgentView, "taskId" | "status" | "branch" | "pushedCommit" | "error">[],
  branches: ReadonlyMap<string, string>,
): readonly string[] {
  const problems: string[] = [];
  const known = new Set<string>();
  for (const taskId of taskIds) {
    const attempts = agents.filter((agent) => agent.taskId === taskId);
    const done = attempts.filter(({ status }) => status === "completed");
    if (attempts.length !== 1) problems.push(`${taskId} took ${attempts.length} attempts`);
    if (done.length !== 1) {
      const why = attempts.map(({ error }) => error ?? "no error").join("; ");
      problems.push(`${taskId} was done ${done.length} times (${why})`);
    }
    for (const { branch = "", pushedCommit } of done) {
      known.add(branch);
      if (branches.get(branch) !== pushedCommit) problems.push(`${taskId} is not on the remote as ${branch}`);
    }
  }
  for (const branch of branches.keys())
    if (!known.has(branch)) problems.push(`${branch} was pushed by nobody who says so`);
  return problems;
}
