import type { StoredEvent } from "@mosaic/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { type GatedSystem, type Judge, startGatedSystem } from "./gated-system.ts";
import { checkPushes, playRandomMoves } from "./random-moves.ts";
import { scenario } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

let system: GatedSystem;
let remote: string;
afterEach(() => system.close());

async function start(judge: Judge, env: Record<string, string> = {}): Promise<void> {
  system = await startGatedSystem(scenario("changes-one-file"), judge, env);
  remote = await system.git.remote(TINY_REPOSITORY);
}

let moves = 0;
const moveElsewhere = async (): Promise<void> => {
  moves += 1;
  await system.git.commit(remote, "main", { [`theirs-${moves}.txt`]: `${moves}\n` });
};
const count = (events: readonly StoredEvent[], type: StoredEvent["type"]): number =>
  events.filter((event) => event.type === type).length;
const branches = (): Promise<string> =>
  system.git.git(remote, "for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/mosaic");

async function expectOnlyProven(agentId: string): Promise<void> {
  const violations: string[] = [];
  expect(await checkPushes(system, { remote, ids: [agentId], violations })).toBe(1);
  expect(violations).toEqual([]);
}

describe("a base branch that moves while the merged work is checked", () => {
  it("is followed: what is pushed was checked on the head the branch had at the push", async () => {
    let checks = 0;
    await start(async ({ phase }) => {
      checks += 1;
      if (phase === "post-commit" && checks <= 6) await moveElsewhere();
      return null;
    });
    const agentId = await system.spawn(remote);
    const agent = await system.ended(agentId);
    expect(agent.status).toBe("completed");
    const events = await system.events(agentId);
    expect(count(events, "integration.moved")).toBe(3);
    expect(count(events, "integration.clean")).toBe(3);
    const head = await system.git.git(remote, "rev-parse", "main");
    expect(await system.git.git(remote, "show", "-s", "--format=%P", agent.pushedCommit ?? "")).toBe(head);
    await expectOnlyProven(agentId);
  });

  it("is given up after a bounded number of tries, with nothing pushed and nothing lost", async () => {
    await start(
      async ({ phase }) => {
        if (phase === "post-commit") await moveElsewhere();
        return null;
      },
      { MOSAIC_INTEGRATE_ATTEMPTS: "2" },
    );
    const agentId = await system.spawn(remote);
    const agent = await system.ended(agentId);
    expect(agent).toMatchObject({ status: "failed", reason: "conflict" });
    expect(agent.error).toContain("the branch 'main' keeps moving: 2 times");
    const events = await system.events(agentId);
    expect(count(events, "integration.moved")).toBe(3);
    expect(count(events, "integration.clean")).toBe(2);
    expect(await branches()).toBe("");
    const diff = await system.client.call("getAgentDiff", { params: { agentId } });
    expect(diff.files.map((file) => file.path)).toEqual(["src/mine.js"]);
  });

  it("ends as a conflict when the branch is deleted", async () => {
    let once = false;
    await start(async () => {
      if (once) return null;
      once = true;
      await system.git.git(remote, "update-ref", "-d", "refs/heads/main");
      return null;
    });
    const agentId = await system.spawn(remote);
    expect(await system.ended(agentId)).toMatchObject({
      status: "failed",
      reason: "conflict",
      error: expect.stringContaining("no branch 'main'"),
    });
    expect(await branches()).toBe("");
  });

  it("does not push a change twice: a branch that holds it by now leaves nothing to push", async () => {
    await start(async ({ mirror, commit }) => {
      const text = await system.git.git(mirror, "show", `${commit}:src/mine.js`);
      await system.git.commit(remote, "main", { "src/mine.js": `${text}\n` });
      return null;
    });
    expect(await system.ended(await system.spawn(remote))).toMatchObject({
      status: "failed",
      reason: "no_changes",
    });
    expect(await branches()).toBe("");
  });
});

it.each([1, 2])(
  "whatever the branch does and the gates say, only commits that both phases approved are pushed (seed %i)",
  async (seed) => {
    expect((await playRandomMoves(seed, 4)).violations).toEqual([]);
  },
);
