import type { QualityCheckRequest } from "@mosaic/contracts";
import { AttemptFailure } from "@mosaic/domain";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createQualityGates, type QualityGatesOptions } from "./client.ts";

const COMMIT = "a".repeat(40);
const OTHER = "c".repeat(40);
const REQUEST: QualityCheckRequest = {
  taskId: "task-1",
  agentId: "0190a1b2-0000-4000-8000-000000000001",
  files: ["src/a.ts"],
  diffSummary: "1 file",
  mirror: "/data/mirror.git",
  commit: COMMIT,
  base: "b".repeat(40),
  phase: "pre-commit",
  profile: "standard",
};

const verdict = (gate: string, more: object = {}) => ({
  gate,
  outcome: "passed",
  commit: COMMIT,
  command: "x",
  exitCode: 0,
  durationMs: 1,
  message: "Passed.",
  output: "",
  ...more,
});
const details = (more: object = {}) => ({
  commit: COMMIT,
  phase: "pre-commit",
  profile: "standard",
  yolo: false,
  startedAt: "2026-01-01T00:00:00.000Z",
  durationMs: 1,
  verdicts: [verdict("typecheck"), verdict("lint"), verdict("tests")],
  toolchain: {},
  ...more,
});
const approval = (more: object = {}) => ({ approved: true, gate: "pre-commit", details: details(more) });

type Reply = (response: ServerResponse, request: IncomingMessage, body: string) => void;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Reply =>
  (response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  };

const html: Reply = (response) => void response.end("<html>");

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A coordinator that answers with `replies` in turn, the last one for ever. */
async function coordinator(...replies: Reply[]) {
  const seen: { path: string; authorization: string; body: string }[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      seen.push({ path: request.url ?? "", authorization: request.headers.authorization ?? "", body });
      (replies[seen.length - 1] ?? replies.at(-1))?.(response, request, body);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waits: number[] = [];
  const gates = (options: Partial<QualityGatesOptions> = {}) =>
    createQualityGates({
      baseUrl,
      token: "mosaic_test",
      random: () => 0.5,
      sleep: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
      ...options,
    });
  return { gates, seen, waits, baseUrl, server };
}

async function failure(promise: Promise<unknown>): Promise<AttemptFailure> {
  const error: unknown = await promise.then(
    () => new Error("was approved"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AttemptFailure);
  expect((error as AttemptFailure).reason).toBe("gates_unavailable");
  return error as AttemptFailure;
}

describe("createQualityGates (ORCH-113)", () => {
  it("asks with the token and hands on an approval of this commit", async () => {
    const { gates, seen } = await coordinator(json(200, approval()));
    const answer = await gates().check(REQUEST);
    expect(answer.approved).toBe(true);
    expect(seen).toEqual([
      { path: "/api/quality/check", authorization: "Bearer mosaic_test", body: JSON.stringify(REQUEST) },
    ]);
  });

  it("hands on a rejection with its verdicts", async () => {
    const verdicts = [verdict("tests", { outcome: "failed", exitCode: 1, message: "Exit code 1." })];
    const rejection = { approved: false, gate: "tests", message: "tests", details: details({ verdicts }) };
    const { gates } = await coordinator(json(200, rejection));
    expect(await gates().check(REQUEST)).toEqual(rejection);
  });

  it.each([
    ["no JSON", html, /not JSON/],
    ["JSON of another shape", json(200, { approved: "yes", gate: 1 }), /approved/],
    ["an approval without details", json(200, { approved: true, gate: "pre-commit" }), /without details/],
    ["an approval of another commit", json(200, approval({ commit: OTHER })), /about commit c/],
    [
      "an approval with a verdict of another commit",
      json(200, approval({ verdicts: [verdict("tests", { commit: OTHER })] })),
      /tests verdict is about commit c/,
    ],
    ["an approval of another phase", json(200, approval({ phase: "post-commit" })), /post-commit/],
    ["an approval of a weaker profile", json(200, approval({ profile: "minimal" })), /minimal/],
    [
      "an approval with a failed verdict",
      json(200, approval({ verdicts: [verdict("tests", { outcome: "failed" })] })),
      /verdict is 'failed'/,
    ],
    [
      "an approval that leaves out a gate",
      json(200, approval({ verdicts: [verdict("tests"), verdict("lint")] })),
      /without a verdict for: typecheck/,
    ],
    ["an approval without a check", json(200, approval({ yolo: true, verdicts: [] })), /YOLO_MODE/],
    [
      "a rejection of another commit",
      json(200, { approved: false, gate: "tests", details: details({ commit: OTHER }) }),
      /about commit c/,
    ],
  ])("does not believe %s, and does not ask again", async (_, reply, message) => {
    const { gates, seen } = await coordinator(reply);
    expect((await failure(gates().check(REQUEST))).message).toMatch(message);
    expect(seen).toHaveLength(1);
  });

  it("believes an approval without a check only where this instance runs with YOLO_MODE", async () => {
    const { gates } = await coordinator(json(200, approval({ yolo: true, verdicts: [] })));
    expect((await gates({ acceptYolo: true }).check(REQUEST)).approved).toBe(true);
  });

  it("needs every gate a custom profile lists", async () => {
    const custom = { ...REQUEST, profile: "custom", gates: ["lint", "tests"] } as const;
    const { gates } = await coordinator(
      json(200, approval({ profile: "custom", verdicts: [verdict("tests")] })),
    );
    expect((await failure(gates().check({ ...custom, gates: [...custom.gates] }))).message).toMatch(/lint/);
  });

  it("tries three times with growing waits when the coordinator fails, then gives up", async () => {
    const { gates, seen, waits } = await coordinator(json(500, {}));
    expect((await failure(gates().check(REQUEST))).message).toMatch(/status 500 \(3 tries\)/);
    expect(seen).toHaveLength(3);
    expect(waits).toEqual([375, 750]);
  });

  it("takes the answer of a later try", async () => {
    const cut: Reply = (response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("{", () => response.destroy());
    };
    const { gates, seen } = await coordinator(cut, json(503, {}), json(200, approval()));
    expect((await gates().check(REQUEST)).approved).toBe(true);
    expect(seen).toHaveLength(3);
  });

  it("waits as long as a 429 asks for, up to the cap", async () => {
    const { gates, waits } = await coordinator(
      json(429, {}, { "retry-after": "5" }),
      json(429, {}, { "retry-after": "86400" }),
      json(200, approval()),
    );
    await gates().check(REQUEST);
    expect(waits).toEqual([5000, 10_000]);
  });

  it("does not repeat a request that was refused, and says why it was", async () => {
    const problem = {
      type: "urn:mosaic:problem:commit_not_found",
      title: "The commit cannot be read",
      status: 422,
      detail: "no such commit",
      code: "commit_not_found",
      requestId: "r1",
    };
    const { gates, seen } = await coordinator(json(422, problem));
    expect((await failure(gates().check(REQUEST))).message).toContain("no such commit (commit_not_found)");
    expect(seen).toHaveLength(1);
  });

  it("fails closed when nobody listens", async () => {
    const { gates, server } = await coordinator(json(200, approval()));
    await new Promise((resolve) => server.close(resolve));
    expect((await failure(gates().check(REQUEST))).message).toMatch(/cannot be reached.*3 tries/);
  });

  it("gives up a try that hangs and sends the next", async () => {
    const { gates, seen } = await coordinator(() => undefined, json(200, approval()));
    expect((await gates({ tryTimeoutMs: 200 }).check(REQUEST)).approved).toBe(true);
    expect(seen).toHaveLength(2);
  });

  it("gives up altogether after the total time", async () => {
    const { gates } = await coordinator(() => undefined);
    expect((await failure(gates({ totalTimeoutMs: 200 }).check(REQUEST))).message).toMatch(
      /no answer within 0.2 s/,
    );
  });

  it("refuses an answer without end", async () => {
    const flood: Reply = (response) => {
      const write = () => {
        while (!response.destroyed && response.write("x".repeat(65_536)));
        response.once("drain", write);
      };
      response.writeHead(200);
      write();
    };
    const { gates } = await coordinator(flood);
    expect((await failure(gates({ maxAnswerBytes: 100_000 }).check(REQUEST))).message).toMatch(
      /more than 100000/,
    );
  });

  it("hangs up when the caller aborts, and throws the caller's reason", async () => {
    const gone = Promise.withResolvers<void>();
    const abort = new AbortController();
    const { gates } = await coordinator((response) => {
      response.once("close", () => gone.resolve());
      abort.abort(new Error("killed"));
    });
    await expect(gates().check(REQUEST, abort.signal)).rejects.toThrow("killed");
    await gone.promise;
  });

  it("hands on what was prepared, and refuses an answer of another shape", async () => {
    const mounts = [{ source: "/cache/k/tree/node_modules", target: "node_modules", scratch: [".cache"] }];
    const inside = { path: ["/tree/node_modules/.bin"], env: { CARGO_NET_OFFLINE: "true" } };
    const prepared = { prepared: true, message: "npm", durationMs: 1, cached: true, mounts, ...inside };
    const { gates, seen } = await coordinator(json(200, prepared), json(200, { prepared: true }));
    expect(await gates().prepare({ mirror: "/m", commit: COMMIT })).toEqual(prepared);
    expect(seen[0]?.path).toBe("/api/quality/prepare");
    await failure(gates().prepare({ mirror: "/m", commit: COMMIT }));
  });

  it("reports health with what is wrong", async () => {
    const readiness = (status: string, ok: boolean) => ({
      status,
      timestamp: "2026-01-01T00:00:00.000Z",
      checks: { sandbox: { ok, detail: "install bubblewrap" } },
      warnings: [],
    });
    const { gates } = await coordinator(
      json(200, readiness("ready", true)),
      json(503, readiness("not_ready", false)),
      json(200, { hello: "there" }),
    );
    expect((await gates().health()).ok).toBe(true);
    expect(await gates().health()).toEqual({ ok: false, detail: "sandbox: install bubblewrap" });
    expect((await gates().health()).ok).toBe(false);
  });
});
