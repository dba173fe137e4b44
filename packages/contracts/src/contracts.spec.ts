import { describe, expect, it } from "vitest";
import {
  EVENT_DATA,
  orchestratorRoutes,
  parseEventData,
  ProblemError,
  PROBLEMS,
  SpawnRequest,
  toOpenApi,
  toProblem,
} from "./index.ts";

const spawn = {
  taskId: "T-1",
  agentType: "worker",
  context: { repository: "/srv/r", branch: "main", workItems: ["Fix it"] },
};

describe("SpawnRequest", () => {
  it("takes the owner's body", () => {
    expect(
      SpawnRequest.parse({ ...spawn, gateProfile: "strict", options: { priority: 10, timeout: 60 } }),
    ).toBeTruthy();
  });

  it.each([
    [{ ...spawn, agentType: "boss" }],
    [{ ...spawn, gateProfile: "none" }],
    [{ ...spawn, surprise: 1 }],
    [{ ...spawn, context: { ...spawn.context, workItems: [] } }],
    [{ ...spawn, context: { ...spawn.context, workItems: ["  "] } }],
    [{ ...spawn, context: { ...spawn.context, branch: "--orphan" } }],
    [{ ...spawn, options: { priority: 11 } }],
    [{ ...spawn, options: { timeout: 0 } }],
    [{ ...spawn, taskId: "../../x" }],
  ])("refuses %j", (body) => {
    expect(SpawnRequest.safeParse(body).success).toBe(false);
  });
});

describe("the OpenAPI document", () => {
  const document = JSON.parse(
    JSON.stringify(toOpenApi(orchestratorRoutes, { title: "Mosaic", version: "1" })),
  );

  it("has every route, its scope, and a parameter for each placeholder", () => {
    for (const [id, route] of Object.entries(orchestratorRoutes)) {
      const operation = document.paths[route.path.replaceAll(/:(\w+)/g, "{$1}")][route.method.toLowerCase()];
      expect(operation.operationId).toBe(id);
      for (const [, name] of route.path.matchAll(/:(\w+)/g)) {
        expect(operation.parameters).toContainEqual(
          expect.objectContaining({ name, in: "path", required: true }),
        );
      }
    }
  });

  it("leaves only health open", () => {
    const open = Object.values(orchestratorRoutes).filter((route) => route.scope === null);
    expect(open.map((route) => route.path)).toEqual(["/health", "/health/ready"]);
  });
});

describe("problems", () => {
  it("carry a stable code and status", () => {
    const problem = toProblem(
      new ProblemError("queue_full", "1000 tasks are waiting", { retryAfter: 5 }),
      "r1",
    );
    expect(problem).toMatchObject({ status: 429, code: "queue_full", type: "urn:mosaic:problem:queue_full" });
  });

  it("answer a client's mistake with 4xx and ours with 5xx", () => {
    for (const { status } of Object.values(PROBLEMS)) expect(status).toBeGreaterThanOrEqual(400);
  });
});

describe("events", () => {
  it("refuse data that does not fit their type", () => {
    expect(() => parseEventData("agent.failed", { reason: "because", error: "x" })).toThrow(/reason/);
  });

  it("have lower-case dotted names", () => {
    for (const type of Object.keys(EVENT_DATA)) expect(type).toMatch(/^[a-z]+\.[a-z_]+$/);
  });
});
