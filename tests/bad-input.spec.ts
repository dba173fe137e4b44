import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scenario, startSystem, type System } from "./system.ts";

let system: System;
let remote: string;
beforeAll(async () => {
  system = await startSystem(scenario("repaired-at-once"), { MOSAIC_BODY_LIMIT_BYTES: "4096" });
  remote = await system.remote();
  await system.client.call("pauseQueue");
});
afterAll(() => system.close());

const good = () => ({
  taskId: "never-admitted",
  agentType: "worker",
  context: { repository: remote, branch: "main", workItems: ["x"] },
});

async function post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${system.url}/agents/spawn`, {
    method: "POST",
    headers: { authorization: `Bearer ${system.token}`, "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const context = (change: object) => ({ ...good(), context: { ...good().context, ...change } });
const CASES: readonly [string, () => unknown, number, string, RegExp][] = [
  ["an unknown agent type", () => ({ ...good(), agentType: "boss" }), 400, "unknown_agent_type", /worker/],
  ["an unknown profile", () => ({ ...good(), gateProfile: "lax" }), 400, "unknown_gate_profile", /strict/],
  ["no work items", () => context({ workItems: [] }), 400, "empty_work_items", /workItems/],
  ["a relative path", () => context({ repository: "../x" }), 400, "invalid_repository", /https/],
  [
    "credentials in the URL",
    () => context({ repository: "https://u:p@h.example/r" }),
    400,
    "invalid_repository",
    /password/,
  ],
  ["an IP address", () => context({ repository: "https://127.0.0.1/r" }), 400, "invalid_repository", /IP/],
  ["an ext:: URL", () => context({ repository: "ext::sh -c id" }), 400, "repository_scheme_refused", /https/],
  ["a file:// URL", () => context({ repository: "file:///etc" }), 400, "repository_scheme_refused", /path/],
  [
    "a folder that is not there",
    () => context({ repository: "/nowhere/r" }),
    422,
    "repository_unreachable",
    /nowhere/,
  ],
  [
    "the data folder",
    () => context({ repository: system.home }),
    403,
    "repository_not_allowed",
    /data folder/,
  ],
  ["an unknown branch", () => context({ branch: "nope" }), 422, "branch_not_found", /nope/],
  ["an option as branch", () => context({ branch: "--upload-pack=x" }), 400, "invalid_branch", /branch/],
  [
    "custom without gates",
    () => ({ ...good(), gateProfile: "custom" }),
    400,
    "custom_gates_required",
    /options.gates/,
  ],
  ["an unknown model", () => ({ ...good(), options: { model: "gpt" } }), 400, "model_not_allowed", /claude/],
  ["an unknown runtime", () => context({ runtime: "nobody" }), 400, "runtime_unknown", /sdk-worker/],
  ["a runtime that is a path", () => context({ runtime: "../x" }), 400, "invalid_request", /runtime/],
  [
    "no sandbox",
    () => ({ ...good(), options: { sandbox: false } }),
    400,
    "sandbox_required",
    /SANDBOX_ENABLED/,
  ],
  ["an unknown field", () => ({ ...good(), surprise: 1 }), 400, "invalid_request", /surprise/],
  ["a task id that is a path", () => ({ ...good(), taskId: "../x" }), 400, "invalid_request", /taskId/],
  ["broken JSON", () => '{"taskId":', 400, "invalid_json", /JSON/],
  ["an oversize body", () => ({ ...good(), taskId: "x".repeat(9000) }), 413, "body_too_large", /4096/],
];

describe("bad input", () => {
  it.each(CASES)(
    "%s is refused with its own code, and says what would be right",
    async (_, body, status, code, says) => {
      const response = await post(body());
      expect(response.status).toBe(status);
      expect(response.headers.get("content-type")).toContain("application/problem+json");
      const problem = (await response.json()) as { code: string };
      expect(problem).toMatchObject({ code, status, requestId: expect.any(String) });
      expect(JSON.stringify(problem)).toMatch(says);
    },
  );

  it("a wrong content type is refused", async () => {
    const response = await post("taskId=1", { "content-type": "application/x-www-form-urlencoded" });
    expect(response.status).toBe(415);
    expect(await response.json()).toMatchObject({ code: "unsupported_media_type" });
  });

  it.each([
    "/agents/00000000-0000-4000-8000-000000000000/status",
    "/agents/ffff",
    "/agents/ffff0000-0000-4000-8000-000000000000/diff",
  ])("an unknown agent is 404: %s", async (path) => {
    const response = await fetch(`${system.url}${path}`, {
      headers: { authorization: `Bearer ${system.token}` },
    });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: "agent_not_found" });
  });

  it("has spawned, queued and written nothing", async () => {
    expect(await system.client.call("listAgents")).toEqual({ items: [], nextCursor: null });
    expect(await system.client.call("queueStats")).toMatchObject({ pending: 0, active: 0 });
  });
});

describe("access", () => {
  it("needs a token for everything but health", async () => {
    const { orchestratorRoutes } = await import("@mosaic/contracts");
    for (const route of Object.values(orchestratorRoutes)) {
      const path = route.path.replace(":agentId", "00000000-0000-4000-8000-000000000000");
      const response = await fetch(`${system.url}${path}`, { method: route.method });
      expect(response.status, path).toBe(route.scope === null ? 200 : 401);
      await response.body?.cancel();
    }
  });

  it("takes the token in either header", async () => {
    const response = await fetch(`${system.url}/queue/stats`, { headers: { "x-api-key": system.token } });
    expect(response.status).toBe(200);
  });

  it("refuses another host name and a foreign origin", async () => {
    const { request } = await import("node:http");
    const ask = (headers: Record<string, string>) =>
      new Promise<number>((resolve, reject) => {
        const url = new URL("/queue/pause", system.url);
        const call = request(url, {
          method: "POST",
          headers: { authorization: `Bearer ${system.token}`, ...headers },
        });
        call.on("response", (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        call.on("error", reject);
        call.end();
      });
    expect(await ask({ host: "evil.example" })).toBe(421);
    expect(await ask({ origin: "https://evil.example" })).toBe(403);
    expect(await ask({ origin: "null" })).toBe(403);
  });
});
