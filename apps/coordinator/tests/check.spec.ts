import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCoordinator, type TestCoordinator, verdictOf } from "./coordinator.ts";

const PASSING = 'import { test } from "node:test"; test("adds", () => {});\n';
const manifest = (scripts: Record<string, string>) =>
  JSON.stringify({ name: "sample", version: "1.0.0", scripts });
const gatesFile = (value: object) => ({ ".mosaic/gates.json": JSON.stringify(value) });
const NODE_TEST = manifest({ test: "node --test" });

let coordinator: TestCoordinator;
beforeAll(async () => {
  coordinator = await startCoordinator();
});
afterAll(() => coordinator.close());

const commit: TestCoordinator["repository"]["commit"] = (files, parent) =>
  coordinator.repository.commit(files, parent);

describe("a check", () => {
  it("approves a commit whose tests pass, with the evidence, and leaves nothing behind", async () => {
    const base = commit({ "package.json": NODE_TEST, "a.test.js": PASSING });
    const next = commit({ "b.js": "export const b = 1;\n" }, base);
    const response = await coordinator.check(next, base);
    expect(response).toMatchObject({ approved: true, gate: "pre-commit", message: "Passed: tests." });
    expect(response.details).toMatchObject({
      commit: next,
      phase: "pre-commit",
      profile: "minimal",
      yolo: false,
    });
    expect(response.details?.toolchain).toMatchObject({ sandbox: "bubblewrap", node: process.version });
    expect(verdictOf(response, "tests")).toMatchObject({
      outcome: "passed",
      commit: next,
      command: "node --test",
      exitCode: 0,
      metrics: { tests: 1, skipped: 0 },
    });
    expect(await coordinator.leftovers()).toEqual([]);
    expect(coordinator.sandbox.list()).toEqual([]);
  });

  it("rejects failing tests with the tail of what they printed", async () => {
    const base = commit({ "package.json": NODE_TEST, "a.test.js": PASSING });
    const failing =
      'import { test } from "node:test"; test("adds", () => { throw new Error("two is not three"); });\n';
    const response = await coordinator.check(commit({ "a.test.js": failing }, base), base);
    expect(response).toMatchObject({ approved: false, gate: "tests" });
    expect(verdictOf(response, "tests")).toMatchObject({ outcome: "failed", exitCode: 1 });
    expect(verdictOf(response, "tests").output).toContain("two is not three");
  });

  it("gives every gate of the phase its own verdict, in the profile's order", async () => {
    const scripts = {
      typecheck: "exit 3",
      lint: "echo '✖ 1 problem (0 errors, 1 warning)'",
      test: "node --test",
    };
    const base = commit({ "package.json": manifest(scripts), "a.test.js": PASSING });
    const response = await coordinator.check(base, base, { profile: "standard" });
    expect(response).toMatchObject({ approved: false, gate: "typecheck" });
    expect(response.details?.verdicts.map(({ gate, outcome }) => [gate, outcome])).toEqual([
      ["typecheck", "failed"],
      ["lint", "failed"],
      ["tests", "passed"],
    ]);
    expect(response.message).toContain("typecheck (failed): Exit code 3.");
    expect(response.message).toContain("lint (failed): The linter reports 1 warning; warnings fail.");
  });

  it("gives gates copies of their own: what one writes another does not see", async () => {
    const scripts = {
      typecheck: "for i in 1 2 3; do echo x >> shared; done; test $(wc -l < shared) = 3",
      lint: "for i in 1 2 3; do echo x >> shared; done; test $(wc -l < shared) = 3",
    };
    const base = commit({ "package.json": manifest(scripts) });
    const request = { profile: "custom", gates: ["typecheck", "lint"] } as const;
    const response = await coordinator.check(base, base, { ...request, gates: [...request.gates] });
    expect(response.approved).toBe(true);
  });

  it("fails a required gate without a command, unless the base branch says why there is none", async () => {
    const base = commit({ "package.json": NODE_TEST, "a.test.js": PASSING });
    const missing = await coordinator.check(base, base, { profile: "standard" });
    expect(missing).toMatchObject({ approved: false, gate: "typecheck" });
    expect(verdictOf(missing, "lint")).toMatchObject({ outcome: "missing", command: null });

    const file = { gates: { typecheck: { skip: "plain JavaScript" }, lint: { skip: "no linter yet" } } };
    const skipping = commit(gatesFile(file), base);
    const skipped = await coordinator.check(skipping, skipping, { profile: "standard" });
    expect(skipped.approved).toBe(true);
    expect(verdictOf(skipped, "lint")).toMatchObject({ outcome: "skipped" });
    expect(skipped.message).toContain("Skipped by the base branch: typecheck, lint.");
  });

  it("fails closed on review, which nobody can do yet", async () => {
    const base = commit({
      "package.json": manifest({ build: "true", "test:integration": "true", coverage: "true" }),
    });
    const response = await coordinator.check(base, base, { profile: "strict", phase: "post-commit" });
    expect(response.approved).toBe(false);
    expect(verdictOf(response, "review")).toMatchObject({ outcome: "missing" });
    expect(verdictOf(response, "integration")).toMatchObject({ outcome: "passed" });
    expect(verdictOf(response, "build")).toMatchObject({ outcome: "passed" });
  });

  it("approves a phase without gates, with an empty list and a word on it", async () => {
    const base = commit({ "package.json": NODE_TEST });
    const response = await coordinator.check(base, base, { phase: "post-commit" });
    expect(response).toMatchObject({ approved: true, message: expect.stringContaining("no gate") });
    expect(response.details?.verdicts).toEqual([]);
  });

  it("stops a gate at the base branch's time limit", async () => {
    const file = { gates: { tests: { command: "echo started; sleep 1000", timeoutSeconds: 1 } } };
    const base = commit(gatesFile(file));
    const verdict = verdictOf(await coordinator.check(base, base), "tests");
    expect(verdict).toMatchObject({
      outcome: "timeout",
      exitCode: null,
      message: "It was stopped after 1 s.",
    });
    expect(verdict.output).toBe("started\n");
  });

  it("makes every gate an error when the base branch's gates.json is not valid", async () => {
    const base = commit({
      ...gatesFile({ gates: { test: {} } }),
      "package.json": NODE_TEST,
      "a.test.js": PASSING,
    });
    const response = await coordinator.check(base, base, { profile: "standard" });
    expect(response.approved).toBe(false);
    expect(response.details?.verdicts.map(({ outcome }) => outcome)).toEqual(["error", "error", "error"]);
    expect(verdictOf(response, "tests").message).toContain("is not valid");
  });

  it("checks exactly the commit: submodules, links and odd names included", async () => {
    const base = commit({
      "package.json": manifest({ test: "sh check.sh" }),
      "check.sh": 'test -L link && test "$(cat "a b/ü.txt")" = x && test ! -e .git && test -d mosaic-sub',
      link: { link: "a b/ü.txt" },
      "a b/ü.txt": "x\n",
      ".gitattributes": "*.txt text eol=lf\n*.bin filter=lfs\n",
      "b.bin": "version https://git-lfs\n",
      ".gitignore": "ignored\n",
      ignored: "tracked all the same\n",
    });
    coordinator.repository.git(["read-tree", base]);
    coordinator.repository.git(["update-index", "--add", "--cacheinfo", `160000,${base},mosaic-sub`]);
    const tree = coordinator.repository.git(["write-tree"]);
    const next = coordinator.repository.git(["commit-tree", tree, "-p", base, "-m", "submodule"]);
    expect(verdictOf(await coordinator.check(next, base), "tests")).toMatchObject({ outcome: "passed" });
  });
});
