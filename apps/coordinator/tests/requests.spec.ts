import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createNoneSandbox } from "@mosaic/sandbox";
import { checkRequest, startCoordinator, useCoordinators, verdictOf } from "./coordinator.ts";
import { createRepository } from "./repository.ts";
import { watchedSandbox } from "./watched-sandbox.ts";

const start = useCoordinators();

const gates = (command: string) => ({
  ".mosaic/gates.json": JSON.stringify({ gates: { tests: { command } } }),
});
const problemOf = async (response: Response) => {
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return { status: response.status, code, detail };
};

describe("a request that cannot be served", () => {
  it("is told what is wrong with the repository or its commits", async () => {
    const { repository, folder, post } = await start();
    const base = repository.commit(gates("true"));
    const sibling = repository.commit({ a: "1" });
    const tree = repository.git(["rev-parse", `${base}^{tree}`]);
    const tag = repository.git(
      ["mktag"],
      `object ${base}\ntype commit\ntag t\ntagger T <t@example.com> 0 +0000\n\nt`,
    );
    const outside = createRepository(join(folder, "elsewhere"));
    await symlink(outside.mirror, join(folder, "mirrors", "link.git"));
    await mkdir(join(folder, "mirrors", "plain"));
    const ask = async (mirror: string, commit: string, from: string) =>
      problemOf(await post("/api/quality/check", checkRequest(mirror, commit, from)));

    const unknown = "f".repeat(40);
    const cases: [Awaited<ReturnType<typeof ask>>, number, string, RegExp][] = [
      [await ask(repository.mirror, unknown, base), 422, "commit_not_found", /f{40} is not a commit/],
      [await ask(repository.mirror, base, unknown), 422, "commit_not_found", /f{40}/],
      [await ask(repository.mirror, tree, base), 422, "commit_not_found", /not a commit/],
      [await ask(repository.mirror, tag, base), 422, "commit_not_found", /not a commit/],
      [await ask(repository.mirror, base, sibling), 400, "invalid_request", /not an ancestor/],
      [await ask(outside.mirror, base, base), 400, "invalid_request", /below the allowed folders/],
      [
        await ask(join(folder, "mirrors", "link.git"), base, base),
        400,
        "invalid_request",
        /below the allowed/,
      ],
      [
        await ask(join(folder, "mirrors", "..", "elsewhere", "mirror.git"), base, base),
        400,
        "invalid_request",
        /below/,
      ],
      [
        await ask(join(folder, "mirrors", "none.git"), base, base),
        400,
        "invalid_request",
        /below the allowed/,
      ],
      [await ask(join(folder, "mirrors"), base, base), 400, "invalid_request", /below the allowed/],
      [
        await ask(join(folder, "mirrors", "plain"), base, base),
        400,
        "invalid_request",
        /not a bare repository/,
      ],
      [await ask("mirror.git", base, base), 400, "invalid_request", /absolute/],
    ];
    for (const [problem, status, code, detail] of cases) {
      expect(problem).toMatchObject({ status, code, detail: expect.stringMatching(detail) });
    }
  });

  it("needs a token with the right scope, and a list for the custom profile", async () => {
    const { repository, url, post } = await start();
    const base = repository.commit(gates("true"));
    const bare = await fetch(new URL("/api/quality/check", url), { method: "POST", body: "{}" });
    expect(bare.status).toBe(401);
    const custom = checkRequest(repository.mirror, base, base, { profile: "custom" });
    expect(await problemOf(await post("/api/quality/check", custom))).toMatchObject({
      code: "custom_gates_required",
    });
    const empty = { ...custom, gates: [] };
    expect(await problemOf(await post("/api/quality/check", empty))).toMatchObject({
      code: "custom_gates_required",
    });
    expect(await problemOf(await post("/api/quality/check", {}))).toMatchObject({ code: "invalid_request" });
  });

  it("is refused when no sandbox works, and readiness says what to do", async () => {
    const { repository, url, post } = await start({ sandbox: null });
    const base = repository.commit(gates("true"));
    const refused = await post("/api/quality/check", checkRequest(repository.mirror, base, base));
    expect(await problemOf(refused)).toMatchObject({
      status: 503,
      code: "sandbox_unavailable",
      detail: "install bubblewrap",
    });
    const ready = await fetch(new URL("/health/ready", url));
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      checks: { sandbox: { ok: false, detail: "install bubblewrap" } },
    });
  });

  it("is asked to come again when too many checks run", async () => {
    const sandbox = watchedSandbox();
    const { repository, post } = await start({ sandbox, limits: { checksAtOnce: 1 } });
    const base = repository.commit(gates("echo ready; sleep 1000"));
    const abort = new AbortController();
    const first = post("/api/quality/check", checkRequest(repository.mirror, base, base), abort.signal);
    await sandbox.printed("gate:", "ready");
    const second = await post("/api/quality/check", checkRequest(repository.mirror, base, base));
    expect(second.status).toBe(429);
    expect(second.headers.get("retry-after")).toBe("5");
    abort.abort();
    await expect(first).rejects.toThrow(/abort/);
  });
});

describe("a check that is given up", () => {
  it("is stopped when the client goes away: sandboxes killed, folders removed", async () => {
    const sandbox = watchedSandbox();
    const coordinator = await start({ sandbox });
    const { repository, post, leftovers } = coordinator;
    const base = repository.commit(gates("echo ready; sleep 1000"));
    const abort = new AbortController();
    const answer = post("/api/quality/check", checkRequest(repository.mirror, base, base), abort.signal);
    const gate = await sandbox.printed("gate:", "ready");
    abort.abort();
    await expect(answer).rejects.toThrow(/abort/);
    expect(await gate.exited).toMatchObject({ signal: "SIGKILL" });
    await coordinator.idle();
    expect(await leftovers()).toEqual([]);
    expect(coordinator.log).toEqual([]);
  });

  it("is answered with shutting_down when the coordinator closes, at once", async () => {
    const sandbox = watchedSandbox();
    const coordinator = await startCoordinator({ sandbox });
    const { repository, post } = coordinator;
    const base = repository.commit(gates("echo ready; sleep 1000"));
    const answer = post("/api/quality/check", checkRequest(repository.mirror, base, base));
    await sandbox.printed("gate:", "ready");
    await coordinator.close();
    expect(await problemOf(await answer)).toMatchObject({ status: 503, code: "shutting_down" });
    expect(sandbox.list()).toEqual([]);
  });
});

describe("YOLO_MODE (ORCH-123)", () => {
  it("approves without a look, audited, logged and marked each time", async () => {
    const coordinator = await start({ yolo: true });
    const base = coordinator.repository.commit(gates("exit 1"));
    const response = await coordinator.check(base, base);
    expect(response).toMatchObject({ approved: true, details: { yolo: true, verdicts: [] } });
    await coordinator.check(base, base);
    expect(coordinator.yolo).toHaveLength(2);
    expect(coordinator.yolo[0]).toMatchObject({ taskId: "task-1", commit: base, phase: "pre-commit" });
    expect(coordinator.log.join("")).toContain("Quality gates disabled");
    const ready = await fetch(new URL("/health/ready", coordinator.url));
    expect(await ready.json()).toMatchObject({ warnings: ["Quality gates disabled (YOLO_MODE)"] });
  });
});

describe("without a sandbox (SANDBOX_ENABLED=false)", () => {
  it("runs the same gates on the host, and says so", async () => {
    const coordinator = await start({ sandbox: createNoneSandbox() });
    const scripts = { test: "npm run unit", unit: "node --test" };
    const base = coordinator.repository.commit({
      "package.json": JSON.stringify({ scripts }),
      "a.test.js": 'require("node:test").test("x", () => {});\n',
    });
    expect(verdictOf(await coordinator.check(base, base), "tests")).toMatchObject({ outcome: "passed" });
    const ready = await fetch(new URL("/health/ready", coordinator.url));
    expect(await ready.json()).toMatchObject({
      status: "ready",
      checks: { sandbox: { ok: true, warning: true }, git: { ok: true }, disk: { ok: true } },
      warnings: [expect.stringContaining("Sandbox off")],
    });
  });
});

describe("gates of several checks", () => {
  it("run at most as many at once as configured", async () => {
    const sandbox = watchedSandbox();
    const { repository, check } = await start({ sandbox, limits: { gatesAtOnce: 1 } });
    const base = repository.commit(gates("echo ready; true"));
    await Promise.all([check(base, base), check(base, base), check(base, base)]);
    expect(sandbox.started).toHaveLength(3);
    expect(sandbox.peak()).toBe(1);
  });

  it("are errors, not approvals, when git or the disk fail", async () => {
    const coordinator = await start({ limits: { minFreeBytes: Number.MAX_SAFE_INTEGER } });
    const base = coordinator.repository.commit(gates("true"));
    const response = await coordinator.check(base, base);
    expect(response.approved).toBe(false);
    expect(verdictOf(response, "tests")).toMatchObject({
      outcome: "error",
      message: expect.stringContaining("free some space"),
    });
  });
});
