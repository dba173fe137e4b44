import { execFile } from "node:child_process";
import { lstat, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ApiError, createClient } from "@mosaic/client";
import { orchestratorRoutes } from "@mosaic/contracts";
import { createGitFixture, type GitFixture } from "@mosaic/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";
import { newStore, type StoreInTest } from "./store-mode.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

const MOSAIC = fileURLToPath(new URL("../apps/cli/bin/mosaic.mjs", import.meta.url));

let system: System;
let elsewhere: string;
let git: GitFixture | undefined;
let store: StoreInTest | undefined;
beforeEach(async () => {
  elsewhere = await mkdtemp(join(tmpdir(), "mosaic-elsewhere-"));
});
afterEach(async () => {
  await system.close();
  await store?.close();
  await git?.dispose();
  await rm(elsewhere, { recursive: true, force: true });
});

interface Told {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as a person runs it on another machine: with an address and a token, and nothing else. */
function mosaic(...args: readonly string[]): Promise<Told> {
  return new Promise((resolve) => {
    const env = {
      PATH: process.env["PATH"],
      HOME: elsewhere,
      MOSAIC_HOME: join(elsewhere, "home"),
      MOSAIC_URL: system.url,
      MOSAIC_TOKEN: system.token,
    };
    execFile(process.execPath, [MOSAIC, ...args], { env, cwd: elsewhere }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Resolves when the agent's second command has begun: its files are written. */
async function hasWorked(agentId: string): Promise<void> {
  const query = { agent: agentId, transcript: "true" as const };
  const stop = new AbortController();
  for await (const item of system.client.streamEvents({ lastEventId: 0, query, signal: stop.signal })) {
    if (item.kind === "event" && item.event.type === "transcript.tool_call") {
      if (JSON.stringify(item.event.data).includes("echo ready")) break;
    }
  }
  stop.abort();
}

async function expectTheWork(folder: string): Promise<void> {
  expect((await readdir(folder)).sort()).toEqual(
    expect.arrayContaining([".gitattributes", "empty", "link", "notes -é.txt", "package.json", "run.sh"]),
  );
  expect(await readFile(join(folder, "notes -é.txt"), "utf8")).toBe("half done\r\n");
  expect((await lstat(join(folder, "run.sh"))).mode & 0o100).toBe(0o100);
  expect(await readlink(join(folder, "link"))).toBe("run.sh");
  expect(await readdir(join(folder, "src"), {}).catch(() => [])).toEqual([]);
}

it("a killed agent's files are had back from another machine, byte for byte, and nothing is written over", async () => {
  system = await startSystem(scenario("works-then-waits"));
  const agentId = await system.spawn();
  await hasWorked(agentId);
  const short = agentId.slice(0, 8);
  expect((await mosaic("restore", short)).stderr).toContain("nothing was saved");
  await system.client.call("killAgent", { params: { agentId }, body: { reason: "test" } });

  const { items } = await system.client.call("getAgentSalvage", { params: { agentId } });
  expect(items.map(({ kind }) => kind)).toEqual(["salvage", "commits"]);
  expect(await mosaic("show", short)).toMatchObject({
    stdout: expect.stringContaining(`mosaic restore ${short}   (salvage of `),
  });
  const told = await mosaic("restore", short);
  expect(told).toMatchObject({ code: 0, stdout: `${join(elsewhere, `mosaic-restore-${short}`)}\n` });
  expect(told.stderr).toContain(`git's id of the tree, ${items[0]?.tree}`);
  await expectTheWork(join(elsewhere, `mosaic-restore-${short}`));
  expect(await mosaic("restore", short)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("is there already"),
  });
  const own = await mosaic("restore", short, "--ref", `refs/mosaic/commits/${agentId}`, "--to", "own");
  expect(own.code).toBe(0);
  expect(await readFile(join(elsewhere, "own", "own.txt"), "utf8")).toBe("x\n");
  expect((await mosaic("restore", short, "--list")).stdout).toMatch(/^salvage .*\ncommits /);
  expect((await mosaic("doctor")).stdout).toMatch(/salvage.*1 agent's work can be restored/);
  expect((await readdir(elsewhere)).filter((name) => name.includes(".part-"))).toEqual([]);
});

it("an interrupted attempt's work stays, is linked from its retry, and outlives the process", async () => {
  git = await createGitFixture("mosaic-salvage-git-");
  store = await newStore();
  const env = {
    MOSAIC_HOME: join(elsewhere, "data"),
    MOSAIC_ADMIN_TOKEN: "mosaic-token-of-this-test",
    ...store.env,
  };
  system = await startSystem(scenario("works-then-waits"), env);
  const agentId = await system.spawn({ repository: await git.remote(TINY_REPOSITORY) });
  await hasWorked(agentId);
  // Shutting down interrupts; the next process retries.
  await system.close();
  system = await startSystem(scenario("repaired-at-once"), env);
  const interrupted = await system.ended(agentId);
  expect(interrupted).toMatchObject({ status: "failed", reason: "interrupted" });
  const next = interrupted.retriedBy ?? "";
  expect(await system.ended(next)).toMatchObject({ status: "completed" });
  const shown = await mosaic("show", next);
  expect(shown.stdout).toContain(`mosaic restore ${agentId.slice(0, 8)}   (salvage of `);
  expect((await mosaic("restore", agentId, "--to", "work")).code).toBe(0);
  await expectTheWork(join(elsewhere, "work"));
});

it("an archive needs more than reading, an agent that is known, and a name of its list", async () => {
  system = await startSystem(scenario("repaired-at-once"));
  const agentId = await system.spawn();
  await system.ended(agentId);
  await system.seen(agentId, "agent.cleanup");
  const { client } = system;
  // What was pushed can be had from the remote; a snapshot is there all the same.
  expect((await mosaic("show", agentId)).stdout).not.toContain("mosaic restore");
  expect((await mosaic("restore", agentId, "--snapshot", "1", "--to", "turn")).code).toBe(0);
  expect(await readFile(join(elsewhere, "turn", "src", "sum.js"), "utf8")).toContain("a + b");
  const missing = await mosaic("restore", agentId, "--snapshot", "7", "--to", "seven");
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("--list") });
  const refusal = async (work: Promise<unknown>): Promise<string | undefined> =>
    await work.then(
      () => undefined,
      (error: unknown) => (error instanceof ApiError ? error.problem?.code : String(error)),
    );
  const params = { agentId };
  expect(
    await refusal(client.download("downloadAgentSalvage", { params, query: { ref: "refs/mosaic/x" } })),
  ).toBe("no_salvage");
  expect(
    await refusal(client.download("downloadAgentSalvage", { params, query: { ref: "refs/heads/main" } })),
  ).toBe("invalid_request");
  const nobody = { agentId: "11111111-1111-4111-8111-111111111111" };
  expect(await refusal(client.call("getAgentSalvage", { params: nobody }))).toBe("agent_not_found");
  const anonymous = createClient({ baseUrl: system.url, routes: orchestratorRoutes });
  expect(await refusal(anonymous.download("downloadAgentSalvage", { params }))).toBe("unauthenticated");
});
