import { EVENT_DATA, type EventData, type EventType } from "@mosaic/contracts";
import { describe, expect, it } from "vitest";
import { ansiPaint, noPaint } from "../terminal/paint.ts";
import { displayWidth } from "../terminal/width.ts";
import { createEventRenderer, type EventToRender, type LineStyle } from "./event-lines.ts";

const COMMIT = "1a2b3c4d".repeat(5);
const AT = "2026-11-20T10:00:00.000Z";
const STYLE: LineStyle = { paint: noPaint, width: null, time: () => "10:00:00" };

type Case = { [T in EventType]: readonly [type: T, data: EventData<T>, lines: readonly string[]] }[EventType];

const USAGE = { inputTokens: 1204, outputTokens: 380, cacheWrite5mTokens: 0, cacheWrite1hTokens: 0 };

const CASES: readonly Case[] = [
  ["agent.spawning", { attempt: 1 }, ["agent      admitted, attempt 1"]],
  [
    "agent.running",
    { sandbox: "bubblewrap", model: "claude-x" },
    ["agent      running in bubblewrap, model claude-x"],
  ],
  ["agent.completed", { branch: "mosaic/a-1", commit: COMMIT }, ["completed  mosaic/a-1 is at 1a2b3c4d"]],
  [
    "agent.failed",
    { reason: "rejected", error: "the gates rejected it\ntests: 1 failed" },
    ["failed     rejected: the gates rejected it", "             tests: 1 failed"],
  ],
  [
    "agent.killed",
    { by: "admin", why: "drill", residual: [] },
    ["killed     by admin: drill; nothing is left"],
  ],
  ["agent.cancel_requested", { by: "admin", why: "enough" }, ["cancel     requested by admin: enough"]],
  ["agent.stalled", { limit: "loop", detail: "4 times" }, ["stalled    loop: 4 times"]],
  [
    "agent.limit_reached",
    { limit: "disk", detail: "9 MB", graceSeconds: 10 },
    ["limit      disk: 9 MB; it has 10 s to stop"],
  ],
  ["agent.kill_requested", { by: "admin", why: "drill" }, ["kill       requested by admin: drill"]],
  [
    "agent.canary",
    { where: "gateway" },
    [
      "canary     its canary turned up in a request to the model: the agent read a credential nobody sent it to; it is killed",
    ],
  ],
  [
    "agent.cleanup",
    {
      steps: [
        { name: "sandbox", ok: true },
        { name: "worktree", ok: true },
      ],
    },
    ["clean-up   sandbox, worktree"],
  ],
  ["task.pending", {}, ["task       queued"]],
  ["task.assigned", {}, ["task       claimed"]],
  ["task.executing", {}, ["task       executing"]],
  ["task.completed", { branch: "mosaic/a-1", commit: COMMIT }, ["task       completed: mosaic/a-1"]],
  [
    "task.failed",
    { reason: "secrets", error: "x" },
    ["task       failed (secrets); there will be no further attempt"],
  ],
  [
    "workspace.ready",
    { branch: "mosaic/a-1", baseCommit: COMMIT, durationMs: 320, files: 12 },
    ["workspace  ready on mosaic/a-1 from 1a2b3c4d, 12 files (320 ms)"],
  ],
  [
    "workspace.dependencies",
    { prepared: true, message: "npm ci", durationMs: 2400 },
    ["workspace  dependencies ready: npm ci (2.4 s)"],
  ],
  [
    "workspace.environment",
    {
      image: "mosaic-agent:latest",
      memoryMb: 512,
      skills: ["review"],
      missingSkills: ["dance"],
      mcpServers: ["docs", "tickets"],
      egress: ["api.example.com:443"],
    },
    [
      "workspace  image mosaic-agent:latest; 512 MB; skill review; no skill called dance; MCP servers docs, tickets; may reach api.example.com:443",
    ],
  ],
  [
    "egress.decided",
    { target: "api.example.com:443", allowed: true, reason: "on the list", address: "203.0.113.80" },
    ["network    api.example.com:443 allowed: on the list (203.0.113.80)"],
  ],
  [
    "egress.closed",
    { allowed: 1, refused: 300, untold: 201 },
    ["network    1 connection allowed, 300 refused, 201 of them not listed one by one"],
  ],
  [
    "snapshot.taken",
    { commit: COMMIT, files: 1, additions: 3, deletions: 1, durationMs: 40 },
    ["snapshot   1a2b3c4d: 1 file, +3 -1 (40 ms)"],
  ],
  [
    "secrets.scanned",
    { commit: COMMIT, blobs: 2, findings: 0, durationMs: 3 },
    ["secrets    none found in 2 changed files (3 ms)"],
  ],
  [
    "secrets.allowed",
    { commit: COMMIT, findings: [{ rule: "jwt", path: "a.ts", line: 3, fingerprint: "f0" }] },
    ["secrets    1 finding in 1a2b3c4d let pass by a person", "             a.ts:3  jwt  (f0)"],
  ],
  [
    "secrets.outgoing",
    { commit: COMMIT, commits: 2, blobs: 1, findings: 0, durationMs: 5 },
    ["secrets    none found in 2 outgoing commits (5 ms)"],
  ],
  [
    "secrets.blocked",
    {
      commit: COMMIT,
      findings: [{ rule: "anthropic-key", path: "src/a.ts", line: 4, fingerprint: "f1" }],
    },
    ["secrets    blocked 1a2b3c4d: 1 finding", "             src/a.ts:4  anthropic-key  (f1)"],
  ],
  [
    "gates.started",
    { phase: "pre-commit", commit: COMMIT, gates: ["lint", "tests"] },
    ["gates      pre-commit on 1a2b3c4d: lint, tests"],
  ],
  [
    "gates.verdict",
    {
      phase: "pre-commit",
      gate: "tests",
      outcome: "failed",
      commit: COMMIT,
      durationMs: 1100,
      message: "1 of 2 tests failed",
    },
    ["gate       ✗ tests failed (1.1 s): 1 of 2 tests failed"],
  ],
  [
    "gates.approved",
    { phase: "pre-commit", commit: COMMIT, durationMs: 1500 },
    ["gates      pre-commit approved 1a2b3c4d (1.5 s)"],
  ],
  [
    "gates.rejected",
    {
      phase: "pre-commit",
      commit: COMMIT,
      gate: "tests",
      message: "tests: exit 1\n  expected 3, got 4",
      attempt: 1,
      attemptsLeft: 2,
    },
    [
      "rejected   pre-commit: tests; attempt 1, 2 left",
      "             tests: exit 1",
      "               expected 3, got 4",
    ],
  ],
  [
    "gates.skipped",
    { phase: "pre-commit", commit: COMMIT, why: "YOLO_MODE" },
    ["gates      pre-commit SKIPPED on 1a2b3c4d: YOLO_MODE"],
  ],
  ["commit.made", { commit: COMMIT, branch: "mosaic/a-1" }, ["commit     1a2b3c4d on mosaic/a-1"]],
  ["push.started", { commit: COMMIT, branch: "mosaic/t-1" }, ["push       1a2b3c4d goes to mosaic/t-1"]],
  [
    "push.verified",
    { commit: COMMIT, branch: "mosaic/a-1", remote: "/srv/app.git", durationMs: 210 },
    ["push       mosaic/a-1 is at 1a2b3c4d on /srv/app.git (210 ms)"],
  ],
  [
    "integration.moved",
    { branch: "main", from: COMMIT, to: COMMIT },
    ["base       main moved from 1a2b3c4d to 1a2b3c4d"],
  ],
  [
    "integration.clean",
    { commit: COMMIT, head: COMMIT, mode: "rebase", durationMs: 30 },
    ["integrated 1a2b3c4d on 1a2b3c4d by rebase; it is checked again (30 ms)"],
  ],
  [
    "integration.conflict",
    {
      commit: COMMIT,
      head: COMMIT,
      files: [{ path: "src/a.ts", kind: "content" }],
      attempt: 1,
      attemptsLeft: 2,
    },
    [
      "conflict   1a2b3c4d conflicts with 1a2b3c4d in 1 file; attempt 1, 2 left",
      "             src/a.ts (content)",
    ],
  ],
  [
    "integration.unresolved",
    { commit: COMMIT, files: ["src/a.ts"] },
    ["conflict   1a2b3c4d still has conflict markers: src/a.ts"],
  ],
  [
    "workspace.moved",
    { baseCommit: COMMIT, commit: COMMIT, durationMs: 90 },
    ["workspace  now on 1a2b3c4d, with the files of 1a2b3c4d (90 ms)"],
  ],
  [
    "agent.overlap",
    { other: COMMIT, files: ["src/a.ts"], conflicts: true },
    ["overlap    CONFLICTS with agent 1a2b3c4d in 1 file: src/a.ts"],
  ],
  ["queue.paused", { by: "admin" }, ["queue      paused by admin"]],
  ["queue.resumed", { by: "admin" }, ["queue      resumed by admin"]],
  [
    "transcript.prompt",
    { attempt: 1, text: "Fix the test\nmore" },
    ["prompt     attempt 1, 2 lines: Fix the test"],
  ],
  ["transcript.text", { text: "I look.\nThen I fix.\n" }, ["says       I look.", "           Then I fix."]],
  [
    "transcript.tool_call",
    { callId: "c1", name: "bash", input: { command: "npm\ntest" } },
    ["tool       bash: npm test"],
  ],
  [
    "transcript.tool_result",
    { callId: "c2", isError: false, output: "x".repeat(1200), truncated: true },
    ["           tool ok (1.2 kB, cut)"],
  ],
  [
    "transcript.usage",
    { requestId: "r", model: "claude-x", status: 200, ...USAGE, cacheReadTokens: 9000, costUsd: 0.0123 },
    ["model      claude-x: 1,204 in, 380 out, 9,000 cache read, $0.0123"],
  ],
  ["transcript.notice", { text: "stream broke; sent again" }, ["notice     stream broke; sent again"]],
];

const render = (event: Omit<EventToRender, "time">, style: LineStyle = STYLE): readonly string[] =>
  createEventRenderer(style)({ time: AT, ...event });

const shifted = (lines: readonly string[]): string[] =>
  lines.map((line, i) => (i === 0 ? `10:00:00 ${line}` : `${" ".repeat(9)}${line}`));

describe("createEventRenderer", () => {
  it.each(CASES)("tells %s", (type, data, lines) => {
    expect(render({ type, data })).toEqual(shifted(lines));
  });

  it("has a case for every type there is", () => {
    expect(CASES.map(([type]) => type).sort()).toEqual(Object.keys(EVENT_DATA).sort());
  });

  it.each(CASES)("lets nothing of %s reach the terminal but text", (type, data) => {
    const hostile = JSON.parse(JSON.stringify(data), (_key, value: unknown) =>
      typeof value === "string" && !isFixed(value)
        ? `\u001B]0;pwned\u0007${value}\u001B[2J\u009B31m\u202E`
        : value,
    ) as EventData<typeof type>;
    expect(EVENT_DATA[type].safeParse(hostile).success).toBe(true);
    expect(render({ type, data: hostile })).toEqual(render({ type, data }));
  });

  it.each(CASES)("keeps %s within the terminal", (type, data) => {
    for (const line of render({ type, data }, { ...STYLE, width: 42 })) {
      expect(displayWidth(line)).toBeLessThanOrEqual(42);
    }
  });
});

/** Values a schema does not let an agent choose. */
function isFixed(value: string): boolean {
  return /^(?:[0-9a-f]{40}|rejected|secrets|tests|failed|rebase|gateway|disk|loop|c1|c2)$/.test(value);
}

describe("createEventRenderer, case by case", () => {
  it("says which attempt a retry follows", () => {
    const line = render({ type: "agent.spawning", data: { attempt: 2, retryOf: COMMIT } })[0];
    expect(line).toContain("attempt 2: retry of 1a2b3c4d");
  });

  it("warns of an agent without a sandbox", () => {
    expect(render({ type: "agent.running", data: { sandbox: "none", model: "m" } })[0]).toContain(
      "WITHOUT A SANDBOX",
    );
  });

  it("names what a kill left", () => {
    const lines = render({ type: "agent.killed", data: { by: "a", why: "b", residual: ["process 12"] } });
    expect(lines[0]).toContain("something is left:");
    expect(lines[1]?.trim()).toBe("process 12");
  });

  it("names only the steps of a clean-up that failed, when one did", () => {
    const steps = [
      { name: "sandbox", ok: true },
      { name: "worktree", ok: false, detail: "busy" },
    ];
    expect(render({ type: "agent.cleanup", data: { steps } }).map((line) => line.trim())).toEqual([
      "10:00:00 clean-up   not everything could be removed:",
      "worktree: busy",
    ]);
  });

  it("names the tool whose result it is, and the first line of what went wrong", () => {
    const renderer = createEventRenderer(STYLE);
    renderer({ type: "transcript.tool_call", time: AT, data: { callId: "c1", name: "bash", input: "x" } });
    const result = { callId: "c1", isError: true, output: "exit code 1\nlong story", truncated: false };
    expect(renderer({ type: "transcript.tool_result", time: AT, data: result })).toEqual([
      "10:00:00            bash failed (22 B): exit code 1",
    ]);
  });

  it("shows verb and path of an editor tool", () => {
    const input = { command: "str_replace", path: "/tree/a.ts", old_str: "x" };
    expect(render({ type: "transcript.tool_call", data: { callId: "c", name: "edit", input } })).toEqual([
      "10:00:00 tool       edit: str_replace /tree/a.ts",
    ]);
  });

  it("shows the first lines of a long rejection and how many there are more", () => {
    const message = Array.from({ length: 40 }, (_, i) => `line ${i}`).join("\n");
    const data = { phase: "pre-commit", commit: COMMIT, gate: "tests", message, attempt: 3, attemptsLeft: 0 };
    const lines = render({ type: "gates.rejected", data });
    expect(lines).toHaveLength(17);
    expect(lines[0]).toContain("none left");
    expect(lines.at(-1)?.trim()).toBe("… 25 more lines");
  });

  it("shows an event it does not know as it is", () => {
    expect(render({ type: "moon.landed", data: { by: "\u001B[31mx" } })).toEqual([
      '10:00:00 event      moon.landed {"by":"\\u001b[31mx"}',
    ]);
    expect(render({ type: "agent.failed", data: 7 })[0]).toContain("agent.failed 7");
  });

  it("colours the label and leaves colour out of the text that is good news", () => {
    const [line] = render(
      { type: "commit.made", data: { commit: COMMIT, branch: "b" } },
      { ...STYLE, paint: ansiPaint },
    );
    expect(line).toBe("\u001B[2m10:00:00\u001B[22m \u001B[32mcommit    \u001B[39m 1a2b3c4d on b");
  });
});
