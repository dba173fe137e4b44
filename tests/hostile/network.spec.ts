import { createGitFixture, type GitFixture, type GitHttpsServer, startGitHttpsServer } from "@mosaic/testing";
import { basename } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TINY_REPOSITORY } from "../tiny-repository.ts";
import { REPAIR, PATIENCE_MS, type Range, startRange } from "./range.ts";

const HOST = "git.example";
const FILES = { ...TINY_REPOSITORY, "attack.sh": `${REPAIR}exit 0\n` };

interface Problem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

async function ask(range: Range, context: object): Promise<Problem> {
  const response = await fetch(`${range.system.url}/agents/spawn`, {
    method: "POST",
    headers: { authorization: `Bearer ${range.system.token}`, "content-type": "application/json" },
    body: JSON.stringify({
      taskId: "never-admitted",
      agentType: "worker",
      context: { branch: "main", workItems: ["x"], ...context },
    }),
  });
  return (await response.json()) as Problem;
}

describe("a repository that leads somewhere else", { timeout: PATIENCE_MS }, () => {
  let range: Range;
  let fixture: GitFixture;
  let server: GitHttpsServer;
  let addresses: readonly string[] = ["127.0.0.1"];
  let lookups = 0;
  /** Answers with a redirect to the canary for paths that match. */
  let redirected: RegExp | null = null;
  beforeAll(async () => {
    fixture = await createGitFixture("mosaic-hostile-git-");
    let target = "";
    server = await startGitHttpsServer({
      folder: fixture.folder,
      host: HOST,
      intercept: (request, response) => {
        if (redirected?.test(request.url ?? "") !== true) return false;
        response.writeHead(302, { location: `${target}${request.url ?? ""}` }).end();
        return true;
      },
    });
    range = await startRange(
      { MOSAIC_GIT_ALLOW_PRIVATE: "true", MOSAIC_GIT_CA_FILE: server.caFile },
      {
        lookup: () => {
          lookups += 1;
          return Promise.resolve(addresses);
        },
      },
    );
    target = `http://127.0.0.1:${range.canary.port}`;
  });
  afterAll(async () => {
    await range.close();
    await server.close();
    await fixture.dispose();
  });

  const remote = async (): Promise<{ path: string; url: string }> => {
    const path = await fixture.remote(FILES);
    return { path, url: server.url(basename(path)) };
  };

  it("is used over https at the address that was checked, which no name server knows", async () => {
    const { path, url } = await remote();
    const { agentId } = await range.system.client.call("spawnAgent", {
      body: {
        taskId: "https",
        agentType: "worker",
        gateProfile: "minimal",
        context: { repository: url, branch: "main", workItems: ["Make the failing test pass"] },
      },
    });
    const agent = await range.system.ended(agentId);
    expect(agent, agent.error).toMatchObject({ status: "completed" });
    expect(await fixture.git(path, "rev-parse", agent.branch ?? "")).toBe(agent.pushedCommit);
    expect(lookups).toBeGreaterThan(0);
  });

  it("by a redirect to loopback, at once or once it is trusted: nobody follows", async () => {
    const { url } = await remote();
    redirected = /info\/refs/;
    expect(await ask(range, { repository: url })).toMatchObject({
      status: 422,
      code: "repository_unreachable",
      detail: expect.stringMatching(/redirect|302/i),
    });
    redirected = /git-upload-pack$/;
    expect(await ask(range, { repository: url })).toMatchObject({
      status: 422,
      code: "repository_unreachable",
    });
    redirected = null;
    expect(await range.canary.marks()).toEqual([]);
  });
});

describe("a name that resolves to what it must not", { timeout: PATIENCE_MS }, () => {
  let range: Range;
  let answers: readonly (readonly string[])[] = [];
  let asked = 0;
  beforeAll(async () => {
    range = await startRange({}, { lookup: () => Promise.resolve(answers[asked++] ?? []) });
  });
  afterAll(() => range.close());

  it.each([
    ["loopback", [["127.0.0.1"]]],
    ["loopback, as IPv6", [["::1"]]],
    ["loopback, in an IPv4-mapped address", [["::ffff:127.0.0.1"]]],
    ["a private network", [["10.1.2.3"]]],
    ["a cloud's metadata", [["169.254.169.254"]]],
    ["NAT64 of loopback", [["64:ff9b::7f00:1"]]],
    ["a public address and loopback", [["198.51.100.7", "127.0.0.1"], ["127.0.0.1"]]],
    ["nothing", [[]]],
  ])("%s is refused before anybody connects", async (_, given) => {
    answers = given;
    asked = 0;
    const url = `https://rebind.example:${range.canary.port}/x.git`;
    const problem = await ask(range, { repository: url });
    expect(problem).toMatchObject({ status: 422, code: "repository_unreachable" });
    expect(problem.detail).toMatch(/rebind\.example/);
    expect(asked).toBe(1);
    expect(await range.canary.marks()).toEqual([]);
  });

  it.each([
    "ext::sh -c id",
    "fd::17",
    "file:///etc",
    "http://h.example/x",
    "git://h.example/x",
    "ftp://h.example/x",
    "https://user@h.example/x",
    "https://user:pw@h.example/x",
    "https://[::1]/x",
    "https://127.1/x",
    "https://0x7f000001/x",
    "https://2130706433/x",
    "https://0177.0.0.1/x",
    "https://h.example/x\n--upload-pack=x",
    "ssh://-oProxyCommand=id/x",
    "git@-oProxyCommand=id:x",
    "-oProxyCommand=id",
    "--upload-pack=id",
    "../x",
    "/srv/../etc",
    "C:\\x",
    "https://h.example/x?token=1",
    "javascript:alert(1)",
    "https:///x",
    "",
  ])("the URL %j is refused by its form", async (repository) => {
    const problem = await ask(range, { repository });
    expect(problem.status, problem.detail).toBe(400);
    expect(problem.code).toMatch(/^(?:invalid_repository|repository_scheme_refused|invalid_request)$/);
  });

  it.each([
    "--upload-pack=id",
    "-",
    "../x",
    "a..b",
    "a b",
    "@{-1}",
    "x.lock",
    "a\nb",
    "a\0b",
    "refs/../x",
    "x~1",
    "x^",
    "x:y",
    "a\\b",
    "/x",
    "x/",
    "*",
    "",
    "x".repeat(300),
  ])("the branch %j is refused", async (branch) => {
    const repository = await range.system.remote();
    const problem = await ask(range, { repository, branch });
    expect([400, 422], problem.detail).toContain(problem.status);
    expect(problem.code).toMatch(/^(?:invalid_branch|branch_not_found|invalid_request)$/);
  });

  it("has spawned nothing", async () => {
    expect(await range.system.client.call("listAgents")).toEqual({ items: [], nextCursor: null });
    expect(await range.canary.marks()).toEqual([]);
  });
});
