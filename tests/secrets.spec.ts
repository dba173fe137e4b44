import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApiError } from "@mosaic/client";
import type { AgentView, StoredEvent } from "@mosaic/contracts";
import { fakeSecret } from "@mosaic/replay";
import { createGitFixture, type GitFixture } from "@mosaic/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Mosaic, startMosaic } from "../drills/mosaic-process.ts";
import { runCli } from "./run-cli.ts";
import { TINY_REPOSITORY } from "./tiny-repository.ts";

const SECRET = fakeSecret("github-token");
const [HEAD, TAIL] = [SECRET.slice(0, 20), SECRET.slice(20)];

let folder: string;
let home: string;
let git: GitFixture;
let mosaic: Mosaic | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-secrets-"));
  home = join(folder, "home");
  await mkdir(home);
  git = await createGitFixture("mosaic-secrets-git-");
});
afterEach(async () => {
  await mosaic?.stop();
  mosaic = null;
  await git.dispose();
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
});

type Step = { tools?: Record<string, unknown>[]; say?: string };

async function start(turns: readonly (readonly Step[])[]): Promise<Mosaic> {
  const file = join(folder, "scenario.yaml");
  const scenario = { name: "planted", description: "x", turns: turns.map((steps) => ({ steps })) };
  await writeFile(file, JSON.stringify(scenario));
  mosaic = await startMosaic({ home, upstream: `replay:${file}`, env: { MOSAIC_LOG_LEVEL: "trace" } });
  return mosaic;
}

async function spawn(
  running: Mosaic,
  request: { taskId?: string; workItem?: string; maxAttempts?: number } = {},
) {
  const { taskId = "planted", workItem = "Make the failing test pass", maxAttempts = 1 } = request;
  const repository = await git.remote(TINY_REPOSITORY);
  const { agentId } = await running.client.call("spawnAgent", {
    body: {
      taskId,
      agentType: "worker",
      context: { repository, branch: "main", workItems: [workItem] },
      options: { maxAttempts, maxRetries: 0 },
    },
  });
  return { agentId, repository };
}

/** Every file of the data folder's top level: store, log, tokens. */
async function kept(): Promise<string> {
  const files = (await readdir(home, { withFileTypes: true })).filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(["mosaic.db", "mosaic.log"]));
  return (await Promise.all(files.map(({ name }) => readFile(join(home, name), "latin1")))).join("\n");
}

async function seen(agentId: string, ...types: readonly StoredEvent["type"][]): Promise<StoredEvent> {
  const stop = new AbortController();
  const query = { agent: agentId, transcript: "true" as const };
  const items = mosaic?.client.streamEvents({ lastEventId: 0, query, signal: stop.signal }) ?? [];
  for await (const item of items) {
    if (item.kind !== "event" || !types.includes(item.event.type)) continue;
    stop.abort();
    return item.event;
  }
  throw new Error(`the stream of ${agentId} ended`);
}

const cli = (running: Mosaic, ...args: readonly string[]) =>
  runCli(args, {
    HOME: home,
    MOSAIC_HOME: home,
    MOSAIC_URL: running.url,
    XDG_CACHE_HOME: join(folder, "cache"),
  });

const REPAIR = { edit: { path: "src/sum.js", old: "return a - b;", new: "return a + b;" } };

describe("a secret that an agent shows in every way it can", () => {
  it("is in neither the store, nor the log, nor any answer, nor what the CLI prints", async () => {
    const running = await start([
      [
        { tools: [{ bash: `echo "the token is ${SECRET}"; echo ${SECRET} >&2; cat /nowhere/${SECRET}` }] },
        { tools: [{ write: { path: "src/notes.js", content: `export const k = "${SECRET}";\n` } }] },
        { say: `I used ${SECRET}.` },
      ],
      [
        { tools: [{ bash: `rm src/notes.js && touch src/${SECRET}.txt && ln -s ${SECRET} src/link` }] },
        { say: "x" },
      ],
      [
        {
          tools: [
            {
              bash: `rm src/link src/*.txt && echo 'console.log(["${HEAD}", "${TAIL}"].join(""));' >> src/sum.js`,
            },
          ],
        },
        { say: "Done." },
      ],
      [{ tools: [{ bash: "echo >> src/sum.js" }] }, { say: "Done." }],
    ]);
    const { agentId } = await spawn(running, {
      workItem: `Repair it, with ${SECRET} if you must`,
      maxAttempts: 4,
    });
    await seen(agentId, "agent.failed", "agent.completed");
    await seen(agentId, "agent.cleanup");
    await running.client.call("allowSecret", {
      body: { fingerprint: "0".repeat(32), reason: `because of ${SECRET}` },
    });
    const refused = await spawn(running, { taskId: `fix-${SECRET}` }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect((refused as ApiError).body).toMatchObject({ code: "secret_in_request" });

    const events = await running.client.call("listAgentEvents", {
      params: { agentId },
      query: { limit: 1000 },
    });
    const types = events.items.map(({ type }) => type);
    expect(types.filter((type) => type === "secrets.blocked")).toHaveLength(2);
    expect(types).toContain("gates.rejected");
    const answers = [
      (refused as ApiError).body,
      events,
      await running.client.call("getAgent", { params: { agentId } }),
      await running.client.call("listAgents", { query: {} }),
      await running.client.call("getAgentDiff", { params: { agentId } }),
      await running.client.call("listAllowedSecrets"),
      await running.client.call("listAudit", { query: {} }),
    ];
    const printed = [];
    for (const args of [
      ["show", agentId],
      ["logs", agentId],
      ["diff", agentId],
      ["logs", agentId, "--json"],
    ])
      printed.push((await cli(running, ...args)).printed);
    // What the gates printed was whole, put together when they ran.
    expect(JSON.stringify((answers[2] as AgentView).details)).toContain("[redacted:github-token]");
    await running.stop();
    const everything = { answers: JSON.stringify(answers), printed: printed.join("\n"), kept: await kept() };
    expect(everything.printed).toContain("[redacted:github-token]");
    for (const [where, text] of Object.entries(everything)) {
      for (const spelling of [SECRET, Buffer.from(SECRET).toString("base64").slice(0, 50), TAIL.slice(-16)])
        expect(
          text.replaceAll(`"${TAIL}"`, "").replaceAll(`\\"${TAIL}\\"`, "").includes(spelling),
          `${where}: ${spelling}`,
        ).toBe(false);
    }
  });
});

describe("a finding that is none", () => {
  it("passes once a person has allowed its fingerprint, and is still told of; allowing is audited", async () => {
    const turn: readonly Step[] = [
      {
        tools: [REPAIR, { write: { path: "src/fixture.js", content: `export const fake = "${SECRET}";\n` } }],
      },
      { say: "Done." },
    ];
    const running = await start([turn]);
    const first = await spawn(running, { taskId: "first" });
    const blocked = await seen(first.agentId, "secrets.blocked");
    const [finding] = (blocked.data as { findings: { fingerprint: string }[] }).findings;
    await seen(first.agentId, "agent.failed");
    const allowed = await cli(
      running,
      "secrets",
      "allow",
      finding?.fingerprint ?? "",
      "--reason",
      "a fixture",
    );
    expect(allowed.code, allowed.printed).toBe(0);
    const second = await spawn(running, { taskId: "second" });
    const end = await seen(second.agentId, "agent.completed", "agent.failed");
    expect(end.type).toBe("agent.completed");
    const told = await seen(second.agentId, "secrets.allowed");
    expect(told.data).toMatchObject({ findings: [{ path: "src/fixture.js", ...finding }] });
    const listed = await cli(running, "secrets", "list", "--json");
    expect(JSON.parse(listed.printed)).toMatchObject({
      items: [{ fingerprint: finding?.fingerprint, reason: "a fixture", allowedBy: "admin" }],
    });
    const audit = await running.client.call("listAudit", { query: {} });
    expect(audit.items).toContainEqual(
      expect.objectContaining({
        action: "secrets.allow",
        actor: "admin",
        subject: finding?.fingerprint,
        reason: "a fixture",
      }),
    );
    const back = await cli(
      running,
      "secrets",
      "disallow",
      finding?.fingerprint ?? "",
      "--reason",
      "not any more",
    );
    expect(back.code, back.printed).toBe(0);
    expect((await running.client.call("listAllowedSecrets")).items).toEqual([]);
  });
});
