import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { AgentView, StoredEvent } from "@mosaic/contracts";
import type { FixtureFiles } from "@mosaic/testing";
import { afterEach, describe, expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

let system: System;
afterEach(() => system.close());

/** An install that brings the lockfile itself, so that everybody can see which one was used. */
const PREPARE = "mkdir -p node_modules/dep && cp package-lock.json node_modules/dep/lock.json";
const lockfile = (release: number): string => `${JSON.stringify({ lockfileVersion: 3, release })}\n`;
const FILES: FixtureFiles = {
  ...TINY_REPOSITORY,
  ".gitignore": "lcov.info\nmoved.flag\n",
  "package.json": JSON.stringify({ name: "tiny", type: "module", dependencies: { dep: "1.0.0" } }),
  "package-lock.json": lockfile(1),
  ".mosaic/gates.json": JSON.stringify({
    gates: {
      lint: { command: "cat node_modules/dep/lock.json; cmp package-lock.json node_modules/dep/lock.json" },
    },
    prepare: { command: PREPARE },
  }),
};
const THEIRS = "export function sum(a, b) {\n  return a - b; // by somebody else\n}\n";

/** An agent that works on while somebody else moves the base branch under it, to another lockfile. */
async function play(name: string, theirs: FixtureFiles): Promise<{ agent: AgentView; remote: string }> {
  system = await startSystem(scenario(name));
  const remote = await system.remote(FILES);
  const agentId = await system.spawn({
    repository: remote,
    taskId: "moved",
    gateProfile: "custom",
    options: { gates: ["lint"] },
  });
  await system.seen(agentId, "agent.running");
  await system.git.commit(remote, "main", { "package-lock.json": lockfile(2), ...theirs });
  await writeFile(join(system.home, "workspaces", `agent-${agentId}-moved`, "moved.flag"), "");
  return { agent: await system.ended(agentId), remote };
}

const lintsOf = (events: readonly StoredEvent[]): readonly string[] =>
  events.flatMap((event) =>
    event.type === "gates.verdict" && event.data.gate === "lint" ? [event.data.outcome] : [],
  );

describe("a base branch that moved to another lockfile while an agent worked", () => {
  it("has its new dependencies in the gates that check the merged commit", async () => {
    const { agent, remote } = await play("works-while-base-moves", {});
    expect(agent, agent.error).toMatchObject({ status: "completed" });
    const pushed = await system.git.git(remote, "show", `${agent.pushedCommit}:package-lock.json`);
    expect(pushed).toBe(lockfile(2).trim());
    // Before the merge with the lockfile of the snapshot, after it with that of the merged commit.
    const lints = lintsOf(await system.events(agent.agentId));
    expect(lints.length).toBeGreaterThan(1);
    expect(new Set(lints)).toEqual(new Set(["passed"]));
  });

  it("leaves the agent with those it began with, which it was told, while its gates have the new ones", async () => {
    const { agent, remote } = await play("looks-at-dependencies", { "src/sum.js": THEIRS });
    expect(agent, agent.error).toMatchObject({ status: "completed" });
    const file = (path: string): Promise<string> =>
      system.git.git(remote, "show", `${agent.pushedCommit}:${path}`);
    expect(await file("package-lock.json")).toBe(lockfile(2).trim());
    expect(await file("seen.json")).toBe(lockfile(1).trim());
    const events = await system.events(agent.agentId);
    expect(new Set(lintsOf(events))).toEqual(new Set(["passed"]));
    const prompts = events.flatMap((event) => (event.type === "transcript.prompt" ? [event.data.text] : []));
    expect(prompts[0]).not.toContain("Installed dependencies");
    expect(prompts[1]).toMatch(/Installed dependencies .* stale for you/);
  });
});
