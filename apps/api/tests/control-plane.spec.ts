import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { ApiError, createClient } from "@mosaic/client";
import { apiRoutes, type Readiness, Readiness as ReadinessSchema } from "@mosaic/contracts";
import { createLogger } from "@mosaic/telemetry";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConfiguredToken } from "../src/access/configured-token.ts";
import { type ApiApp, buildApiApp } from "../src/app.ts";

const TOKEN = "a-token-for-the-tests-of-the-api";

type Answer = { readonly status: number; readonly body: unknown };

/** A plane as far as its readiness goes, answering what the test says. */
async function startPlane(answer: () => Answer): Promise<{ url: string; stop: () => Promise<void> }> {
  const server: Server = createServer((_request, response) => {
    const { status, body } = answer();
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => void server.once("listening", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const readiness = (changes: Partial<Readiness> = {}): Answer => ({
  status: changes.status === "not_ready" ? 503 : 200,
  body: {
    status: "ready",
    timestamp: "2026-11-20T10:00:00.000Z",
    checks: { store: { ok: true, detail: "fine" } },
    warnings: [],
    ...changes,
  },
});

let orchestrator: Awaited<ReturnType<typeof startPlane>>;
let coordinator: Awaited<ReturnType<typeof startPlane>>;
let answers: { orchestrator: Answer; coordinator: Answer };
let app: ApiApp;
let url: string;

beforeEach(async () => {
  answers = { orchestrator: readiness(), coordinator: readiness() };
  orchestrator = await startPlane(() => answers.orchestrator);
  coordinator = await startPlane(() => answers.coordinator);
  app = buildApiApp({
    config: {
      host: "127.0.0.1",
      allowedHosts: [],
      allowedOrigins: [],
      bodyLimit: 1_048_576,
      rateLimit: 600,
    },
    version: "1.2.3",
    orchestratorUrl: orchestrator.url,
    coordinatorUrl: coordinator.url,
    findToken: createConfiguredToken(TOKEN),
    warnings: () => ["the model is scripted"],
    logger: createLogger({ name: "api", level: "silent", redact: (text) => text }),
  });
  url = (await app.server.listen({ host: "127.0.0.1", port: 0 })).url;
});

afterEach(async () => {
  await app.close();
  await Promise.all([orchestrator.stop(), coordinator.stop()]);
});

const client = (token = TOKEN) => createClient({ baseUrl: url, token, routes: apiRoutes });

/** The readiness document, whatever status it came with. */
async function ready(): Promise<{ status: number; document: Readiness }> {
  try {
    return { status: 200, document: await client().call("ready") };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: error.status, document: ReadinessSchema.parse(error.body) };
  }
}

describe("the control plane", () => {
  it("is ready when both planes behind it are", async () => {
    const { status, document } = await ready();
    expect(status).toBe(200);
    expect(document).toMatchObject({
      status: "ready",
      checks: {
        orchestrator: { ok: true, detail: `${orchestrator.url} is ready` },
        coordinator: { ok: true },
      },
      warnings: ["the model is scripted"],
    });
  });

  it("passes a plane's warnings on", async () => {
    answers.coordinator = readiness({ warnings: ["the sandbox is off"] });
    const { document } = await ready();
    expect(document.status).toBe("ready");
    expect(document.checks["coordinator"]).toMatchObject({ ok: true, warning: true });
    expect(document.checks["coordinator"]?.detail).toContain("the sandbox is off");
  });

  it("is not ready when a plane says it is not, and says why", async () => {
    answers.orchestrator = readiness({
      status: "not_ready",
      checks: {
        sandbox: { ok: false, detail: "bubblewrap is missing" },
        store: { ok: true, detail: "fine" },
      },
    });
    const { status, document } = await ready();
    expect(status).toBe(503);
    expect(document.checks["orchestrator"]).toEqual({
      ok: false,
      detail: `${orchestrator.url} is not ready: sandbox: bubblewrap is missing`,
    });
  });

  it.each([
    ["is gone", () => coordinator.stop()],
    [
      "answers with something else",
      async () => {
        answers.coordinator = await Promise.resolve({ status: 200, body: { hello: "world" } });
      },
    ],
    [
      "is broken",
      async () => {
        answers.coordinator = await Promise.resolve({ status: 500, body: { status: "ready" } });
      },
    ],
  ])("is not ready when a plane %s", async (_name, harm) => {
    await harm();
    const { status, document } = await ready();
    expect(status).toBe(503);
    expect(document.checks["coordinator"]?.ok).toBe(false);
    expect(document.checks["orchestrator"]?.ok).toBe(true);
  });

  it("tells who it is to those with the token only", async () => {
    expect(await client().call("meta")).toEqual({
      name: "mosaic-api",
      version: "1.2.3",
      warnings: ["the model is scripted"],
      sandbox: null,
    });
    await expect(client("another-token-another-token").call("meta")).rejects.toMatchObject({ status: 401 });
    expect((await client().call("health")).status).toBe("healthy");
  });

  it("describes itself and counts its requests", async () => {
    const document = JSON.parse(await client().call("openapi")) as { paths: object };
    expect(Object.keys(document.paths)).toEqual(Object.values(apiRoutes).map((route) => route.path));
    expect(await client().call("metrics")).toContain(
      'mosaic_build_info{name="mosaic-api",version="1.2.3"} 1',
    );
  });
});
