import { afterAll, beforeAll, expect, it } from "vitest";
import type { AgentView } from "@mosaic/contracts";
import { ONE_NOTE_REPOSITORY } from "./one-note-repository.ts";
import { scenario, startSystem, type System } from "./system.ts";

const TEN = Array.from({ length: 10 }, (_, at) => at);
/** Thirty agents on two cores; the default is for one or two. */
const LIMIT_MS = 180_000;
const word = (at: number): string => `the-word-of-agent-${at}-`;

let system: System;
beforeAll(async () => {
  system = await startSystem(scenario("own-words"), {
    MAX_CONCURRENT_AGENTS: "10",
    ORCHESTRATOR_QUEUE_CONCURRENCY: "10",
    MOSAIC_GATE_CONCURRENCY: "4",
  });
});
afterAll(() => system.close());

async function spawnTen(
  prefix: string,
  remotes: readonly string[],
  maxAttempts = 3,
): Promise<readonly string[]> {
  return Promise.all(
    TEN.map(async (at) => {
      const { agentId } = await system.client.call("spawnAgent", {
        body: {
          taskId: `${prefix}-${at}`,
          agentType: "worker",
          gateProfile: "custom",
          options: { gates: ["lint"], maxAttempts },
          context: {
            repository: remotes[at % remotes.length] ?? "",
            branch: "main",
            workItems: [`Write down ${word(at)}`],
          },
        },
      });
      return agentId;
    }),
  );
}

/** The numbers of the agents whose word is in a text. */
const wordsIn = (text: string): number[] => TEN.filter((at) => text.includes(word(at)));

/**
 * The branch holds one note more than the base, written in this agent's conversation; the commit's message and the
 * transcript hold this agent's word alone. Answers with the conversation and the transcript.
 */
async function expectOwnWork(
  agent: AgentView,
  at: number,
  remote: string,
): Promise<{ readonly conversation: string; readonly transcript: string }> {
  expect(agent).toMatchObject({ status: "completed", attempt: 1 });
  const branch = agent.branch ?? "";
  expect(await system.git.git(remote, "rev-parse", branch)).toBe(agent.pushedCommit);
  const added = await system.git.git(remote, "diff", "--name-only", "main", branch);
  const conversation = /^notes\/([^\n]+)\.md$/.exec(added)?.[1] ?? "";
  expect(conversation).not.toBe("");
  expect(await system.git.git(remote, "show", `${branch}:${added}`)).toBe(conversation);
  expect(wordsIn(await system.git.git(remote, "log", "-1", "--format=%B", branch))).toEqual([at]);
  const said = (await system.events(agent.agentId)).filter(({ type }) => type.startsWith("transcript."));
  const transcript = JSON.stringify(said);
  expect(wordsIn(transcript)).toEqual([at]);
  return { conversation, transcript };
}

it.each([
  ["one repository", 1],
  ["three repositories", 3],
])(
  "ten agents work at once on %s, and each pushes its own work only",
  async (name, count) => {
    const remotes = await Promise.all(TEN.slice(0, count).map(() => system.remote(ONE_NOTE_REPOSITORY)));
    const agents = await spawnTen(name.replace(" ", "-"), remotes);
    const ended = await Promise.all(agents.map((agentId) => system.ended(agentId)));
    const own = await Promise.all(
      ended.map((agent, at) => expectOwnWork(agent, at, remotes[at % count] ?? "")),
    );
    expect(new Set(own.map(({ conversation }) => conversation)).size).toBe(10);
    for (const { conversation, transcript } of own)
      expect(own.map((other) => other.conversation).filter((id) => transcript.includes(id))).toEqual([
        conversation,
      ]);

    const events = (await Promise.all(agents.map((agentId) => system.events(agentId)))).flat();
    const idsOf = (type: string): number[] =>
      events.filter((event) => event.type === type).map(({ id }) => id);
    const firstEnd = Math.min(...idsOf("agent.completed"));
    expect(idsOf("task.assigned").filter((id) => id < firstEnd)).toHaveLength(10);
    for (const remote of remotes) {
      const branches = await system.git.git(
        remote,
        "for-each-ref",
        "--format=%(refname:short)",
        "refs/heads",
      );
      const pushed = ended.filter((_, at) => remotes[at % count] === remote).map(({ branch }) => branch);
      expect(new Set(branches.split("\n"))).toEqual(new Set(["main", ...pushed]));
    }
  },
  LIMIT_MS,
);

it(
  "ten agents that are all rejected at once leave nothing on the remote, and no attempt is spent on a fault",
  async () => {
    const remote = await system.remote({ ...ONE_NOTE_REPOSITORY, "notes/keep.md": "one\n" });
    // Two notes: the gate rejects every one of them, at the same time.
    const ids = await spawnTen("rejected", [remote], 1);
    const ended = await Promise.all(ids.map((agentId) => system.ended(agentId)));
    expect(ended.map(({ status, reason, attempt }) => ({ status, reason, attempt }))).toEqual(
      TEN.map(() => ({ status: "failed", reason: "rejected", attempt: 1 })),
    );
    expect(await system.git.git(remote, "for-each-ref", "--format=%(refname:short)")).toBe("main");
  },
  LIMIT_MS,
);
