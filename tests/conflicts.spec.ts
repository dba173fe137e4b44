import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentView, StoredEvent } from "@mosaic/contracts";
import type { FixtureFiles } from "@mosaic/testing";
import { afterEach, describe, expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

let system: System;
afterEach(() => system.close());

const FILES: FixtureFiles = { ...TINY_REPOSITORY, ".gitignore": "lcov.info\nmoved.flag\n" };
const THEIRS = "export function sum(a, b) {\n  return a - b; // by somebody else\n}\n";

interface Played {
  readonly remote: string;
  readonly head: string;
  readonly agent: AgentView;
  readonly events: readonly StoredEvent[];
}

/** An agent that works on while somebody else moves the base branch under it. */
async function play(
  name: string,
  theirs: FixtureFiles,
  wish: { readonly env?: Record<string, string>; readonly maxAttempts?: number } = {},
): Promise<Played> {
  system = await startSystem(scenario(name), wish.env);
  const remote = await system.remote(FILES);
  const { maxAttempts } = wish;
  const options = maxAttempts === undefined ? {} : { options: { maxAttempts } };
  const agentId = await system.spawn({ repository: remote, ...options });
  await system.seen(agentId, "agent.running");
  const head = await system.git.commit(remote, "main", theirs);
  const { taskId } = await system.client.call("getAgent", { params: { agentId } });
  await writeFile(join(system.home, "workspaces", `agent-${agentId}-${taskId}`, "moved.flag"), "");
  const agent = await system.ended(agentId);
  return { remote, head, agent, events: await system.events(agentId) };
}

const ofType = (events: readonly StoredEvent[], type: StoredEvent["type"]): readonly StoredEvent[] =>
  events.filter((event) => event.type === type);
const prompts = (events: readonly StoredEvent[]): readonly string[] =>
  ofType(events, "transcript.prompt").map((event) => (event.data as { text: string }).text);
const git = (remote: string, ...args: string[]): Promise<string> => system.git.git(remote, ...args);
const branches = (remote: string): Promise<string> =>
  git(remote, "for-each-ref", "--format=%(refname:short)", "refs/heads");

/** What is on the remote passed both phases as that very commit, and merges with the base branch. */
async function expectProven({ remote, agent, events }: Played): Promise<void> {
  const commit = agent.pushedCommit ?? "";
  expect(await git(remote, "rev-parse", agent.branch ?? "")).toBe(commit);
  const approved = ofType(events, "gates.approved").filter(
    (event) => (event.data as { commit: string }).commit === commit,
  );
  expect(approved.map((event) => (event.data as { phase: string }).phase)).toEqual([
    "pre-commit",
    "post-commit",
  ]);
  expect(ofType(events, "secrets.scanned").some((event) => JSON.stringify(event).includes(commit))).toBe(
    true,
  );
  await git(remote, "merge-tree", "--write-tree", "main", commit);
}

describe("a base branch that moved while an agent worked (ORCH-112)", () => {
  it.each(["rebase", "merge"])(
    "is integrated by %s, checked again as a whole, and exactly that is pushed",
    async (mode) => {
      const played = await play(
        "works-while-base-moves",
        { "docs.md": "# theirs\n" },
        { env: { MOSAIC_INTEGRATE: mode } },
      );
      const { remote, head, agent, events } = played;
      expect(agent.status).toBe("completed");
      await expectProven(played);
      const [snapshot] = ofType(events, "snapshot.taken");
      const first = (snapshot?.data as { commit: string } | undefined)?.commit;
      expect(agent.pushedCommit).not.toBe(first);
      expect(await git(remote, "show", "-s", "--format=%P", agent.branch ?? "")).toBe(
        mode === "rebase" ? head : `${head} ${first}`,
      );
      expect(await git(remote, "show", `${agent.branch}:docs.md`)).toBe("# theirs");
      expect(await git(remote, "show", `${agent.branch}:src/sum.js`)).toContain("return a + b;");
      expect(ofType(events, "integration.moved")).toHaveLength(1);
      expect(ofType(events, "integration.clean")[0]?.data).toMatchObject({ mode, head });
      expect(agent.baseCommit).toBe(head);
      const diff = await system.client.call("getAgentDiff", { params: { agentId: agent.agentId } });
      expect(diff.files.map((file) => file.path)).toEqual(["src/sum.js"]);
    },
  );

  it("goes back to the agent when the merge is clean and the gates do not pass, with its files merged", async () => {
    const rule = 'if (readFileSync("src/sum.js", "utf8").includes("a + b;\\n")) process.exit(1);\n';
    const lint = `import { readFileSync } from "node:fs";\n${rule}`;
    const played = await play("works-while-base-moves", { "lint.js": lint });
    const { remote, head, agent, events } = played;
    expect(agent.status).toBe("completed");
    await expectProven(played);
    expect(ofType(events, "gates.rejected")[0]?.data).toMatchObject({ gate: "lint", attempt: 1 });
    expect(ofType(events, "workspace.moved")[0]?.data).toMatchObject({ baseCommit: head });
    expect(prompts(events)[1]).toMatch(
      /after it was merged with what main has become[^]*Your files now hold both/,
    );
    expect(await git(remote, "show", `${agent.branch}:src/sum.js`)).toContain("// checked");
    expect(await git(remote, "show", "-s", "--format=%P", agent.branch ?? "")).toBe(head);
  });
});

describe("a base branch whose changes conflict with an agent's", () => {
  it("is shown to the agent with both sides, refused while markers are left, and pushed once resolved", async () => {
    const played = await play("resolves-conflict", { "src/sum.js": THEIRS });
    const { remote, head, agent, events } = played;
    expect(agent.status).toBe("completed");
    await expectProven(played);
    expect(ofType(events, "integration.conflict")[0]?.data).toMatchObject({
      head,
      files: [{ path: "src/sum.js", kind: "content" }],
      attempt: 1,
      attemptsLeft: 2,
    });
    expect(prompts(events)[1]).toMatch(
      /conflicts with what the branch main has become, in src\/sum\.js[^]*<details>[^]*<<<<<<<[^]*by somebody else[^]*=======[^]*a \+ b[^]*>>>>>>>[^]*<\/details>/,
    );
    expect(ofType(events, "integration.unresolved")[0]?.data).toMatchObject({ files: ["src/sum.js"] });
    expect(prompts(events)[2]).toContain("conflict markers");
    expect(await git(remote, "show", `${agent.branch}:src/sum.js`)).toContain("a + b; // by somebody else");
    expect(await git(remote, "show", "-s", "--format=%P", agent.branch ?? "")).toBe(head);
  });

  it("ends the attempt as a conflict when it is never resolved: nothing is pushed, the work is kept", async () => {
    const { remote, agent, events } = await play(
      "resolves-conflict",
      { "src/sum.js": THEIRS },
      { maxAttempts: 2 },
    );
    expect(agent).toMatchObject({ status: "failed", reason: "conflict" });
    expect(agent.retriedBy).toBeUndefined();
    expect(await branches(remote)).toBe("main");
    expect(ofType(events, "push.verified")).toEqual([]);
    const commits = ofType(events, "snapshot.taken").map(
      (event) => (event.data as { commit: string }).commit,
    );
    const mirrors = join(system.home, "mirrors");
    const [mirror = ""] = await import("node:fs/promises").then((fs) => fs.readdir(mirrors));
    expect(await git(join(mirrors, mirror), "show", `${commits[0]}:src/sum.js`)).toContain("return a + b;");
  });

  it("with no try left, ends it at once and leaves the work as the agent made it", async () => {
    const { remote, head, agent } = await play(
      "resolves-conflict",
      { "src/sum.js": THEIRS },
      { maxAttempts: 1 },
    );
    expect(agent).toMatchObject({ status: "failed", reason: "conflict" });
    expect(JSON.stringify(agent.details)).toContain("src/sum.js");
    expect(agent.baseCommit).not.toBe(head);
    expect(await branches(remote)).toBe("main");
    const diff = await system.client.call("getAgentDiff", { params: { agentId: agent.agentId } });
    expect(diff.patch).toContain("+  return a + b;");
    expect(diff.patch).not.toContain("<<<<<<<");
  });
});
