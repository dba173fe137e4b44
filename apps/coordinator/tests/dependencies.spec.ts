import type { PrepareResponse } from "@mosaic/contracts";
import { existsSync } from "node:fs";
import { mkdir, readdir, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepare, type TestCoordinator, useCoordinators, verdictOf } from "./coordinator.ts";
import type { Files } from "./repository.ts";
import { watchedSandbox } from "./watched-sandbox.ts";

const start = useCoordinators();

/** A project whose "install" is a command of ours: everything but the download is real. */
function project(install: string, more: Files = {}): Files {
  const gates = { tests: { command: "node -p 'require(\"dep\")'" } };
  return {
    "package.json": JSON.stringify({ name: "sample", dependencies: { dep: "1.0.0" } }),
    "package-lock.json": JSON.stringify({ lockfileVersion: 3 }),
    ".mosaic/gates.json": JSON.stringify({ gates, prepare: { command: install } }),
    ...more,
  };
}
const INSTALL = "mkdir -p node_modules/dep && echo 'module.exports = \"works\"' > node_modules/dep/index.js";

const GATES = JSON.stringify({ gates: { tests: { command: "true" } } });
const PNPM = JSON.stringify({ dependencies: { dep: "1.0.0" }, packageManager: "pnpm@9.0.0" });

const cacheOf = (coordinator: TestCoordinator) => join(coordinator.dataDir, "cache", "dependencies");

describe("preparing dependencies", () => {
  it("happens once per lockfile, and gates and agents see the result read-only", async () => {
    const sandbox = watchedSandbox();
    const coordinator = await start({ sandbox });
    const base = coordinator.repository.commit(project(INSTALL));
    const first = await coordinator.check(base, base);
    expect(first).toMatchObject({ approved: true });
    expect(first.details?.verdicts.map(({ gate, outcome }) => [gate, outcome])).toEqual([
      ["prepare", "passed"],
      ["tests", "passed"],
    ]);
    expect(verdictOf(first, "tests").output).toBe("works\n");

    const next = coordinator.repository.commit({ "other.js": "1" }, base);
    expect(verdictOf(await coordinator.check(next, base), "prepare").message).toContain("prepared before");
    const prepared = await prepare(coordinator, next);
    const [entry] = await readdir(cacheOf(coordinator));
    expect(prepared).toMatchObject({
      prepared: true,
      cached: true,
      mounts: [
        {
          source: join(cacheOf(coordinator), entry ?? "", "tree", "node_modules"),
          target: "node_modules",
          scratch: [".cache", ".vite", ".vite-temp", ".vitest", ".vitest-cache"],
        },
      ],
    });
    expect(sandbox.started.filter(({ spec }) => spec.label === "prepare:npm")).toHaveLength(1);
  });

  it("lets gates write to the tools' scratch folders, each for itself, and nowhere else in them", async () => {
    const coordinator = await start();
    const command =
      "test ! -e node_modules/.cache/x && touch node_modules/.cache/x && ! touch node_modules/dep/x 2>/dev/null";
    const gates = { tests: { command }, integration: { command } };
    const definition = JSON.stringify({ gates, prepare: { command: INSTALL } });
    const base = coordinator.repository.commit({ ...project(INSTALL), ".mosaic/gates.json": definition });
    expect(await coordinator.check(base, base)).toMatchObject({ approved: true });
    const custom = { phase: "post-commit", profile: "custom" } as const;
    expect(await coordinator.check(base, base, { ...custom, gates: ["integration"] })).toMatchObject({
      approved: true,
    });
  });

  it("mounts the folders of every workspace", async () => {
    const coordinator = await start();
    const install = `${INSTALL} && mkdir -p packages/a/node_modules/inner && echo 1 > packages/a/node_modules/inner/index.js`;
    const base = coordinator.repository.commit(project(install, { "packages/a/package.json": "{}" }));
    const { mounts } = await prepare(coordinator, base);
    expect(mounts.map(({ target }) => target)).toEqual(["node_modules", "packages/a/node_modules"]);
  });

  it("is shared by callers who come at once, and survives the one who leaves", async () => {
    const sandbox = watchedSandbox();
    const coordinator = await start({ sandbox });
    const base = coordinator.repository.commit(
      project(`echo ready; until [ -e go ]; do sleep 0.01; done; ${INSTALL}`),
    );
    const abort = new AbortController();
    const body = { mirror: coordinator.repository.mirror, commit: base };
    const leaving = coordinator.post("/api/quality/prepare", body, abort.signal);
    await sandbox.printed("prepare:", "ready");
    const others = [prepare(coordinator, base), prepare(coordinator, base), coordinator.check(base, base)];
    abort.abort();
    await expect(leaving).rejects.toThrow(/abort/);
    const tree = sandbox.started[0]?.spec.mounts.find(({ target }) => target === "/tree")?.source ?? "";
    await writeFile(join(tree, "go"), "");
    expect(await Promise.all(others)).toMatchObject([
      { prepared: true },
      { prepared: true },
      { approved: true },
    ]);
    expect(sandbox.started.filter(({ spec }) => spec.label === "prepare:npm")).toHaveLength(1);
  });

  it("keeps nothing of a failed one, and says what the command printed", async () => {
    const coordinator = await start();
    const base = coordinator.repository.commit(project("mkdir node_modules; echo out of sync; exit 3"));
    const response = await coordinator.check(base, base);
    expect(response).toMatchObject({ approved: false, gate: "prepare" });
    expect(response.details?.verdicts).toHaveLength(1);
    expect(verdictOf(response, "prepare")).toMatchObject({
      outcome: "failed",
      exitCode: 3,
      output: "out of sync\n",
    });
    expect(await readdir(cacheOf(coordinator))).toEqual([]);
    expect(await prepare(coordinator, base)).toMatchObject({ prepared: false, mounts: [] });
  });

  it.each([
    [
      "dependencies without a lockfile",
      { "package-lock.json": null, ".mosaic/gates.json": GATES },
      /commit the lockfile/,
    ],
    ["an install that leaves nothing", project("true"), /left no node_modules/],
    ["a link instead of a folder", project("ln -s /etc node_modules"), /left no node_modules/],
    [
      "more than the limit",
      project(`${INSTALL}; head -c 3000000 /dev/zero > node_modules/big`),
      /the limit is/,
    ],
    [
      "a missing package manager",
      { "package.json": PNPM, "pnpm-lock.yaml": "", ".mosaic/gates.json": GATES },
      /pnpm is not/,
    ],
  ])("fails on %s", async (_, files: Files, message) => {
    const coordinator = await start({ limits: { preparedBytes: 1_000_000 } });
    const base = coordinator.repository.commit(project(INSTALL));
    const next = coordinator.repository.commit(files, base);
    const response = await coordinator.check(next, next);
    expect(response).toMatchObject({ approved: false, gate: "prepare" });
    expect(verdictOf(response, "prepare").message).toMatch(message);
  });

  it("stops an install that does not end", async () => {
    const coordinator = await start({ limits: { prepareTimeoutMs: 1000 } });
    const base = coordinator.repository.commit(project("sleep 1000"));
    expect(verdictOf(await coordinator.check(base, base), "prepare")).toMatchObject({ outcome: "timeout" });
  });

  it("sees the manifests only: neither sources nor anything of the host", async () => {
    const coordinator = await start();
    const install = `find . -type f | sort; test -z "$(ls /root 2>/dev/null)"; mkdir node_modules; exit 1`;
    const base = coordinator.repository.commit(
      project(install, { "src/a.js": "1", "packages/b/package.json": "{}" }),
    );
    const verdict = verdictOf(await coordinator.check(base, base), "prepare");
    expect(verdict.output).toBe("./package-lock.json\n./package.json\n./packages/b/package.json\n");
  });
});

describe("the cache of dependencies", () => {
  it("makes a damaged entry again", async () => {
    const first = await start();
    const base = first.repository.commit(project(INSTALL));
    const { mounts } = await prepare(first, base);
    await truncate(join(mounts[0]?.source ?? "", "dep", "index.js"), 0);

    const second = await start({ dataDir: first.dataDir, mirrorRoots: [first.folder] });
    const body = { mirror: first.repository.mirror, commit: base };
    const answer = (await (await second.post("/api/quality/prepare", body)).json()) as PrepareResponse;
    expect(answer).toMatchObject({ prepared: true, cached: false });
    expect(await first.check(base, base)).toMatchObject({ approved: true });
  });

  it("drops what is old or too much, the longest unused first, but nothing used lately", async () => {
    const day = 24 * 3_600_000;
    const limits = { cacheBytes: 1, cacheAgeMs: 30 * day, cacheMinIdleMs: day };
    const coordinator = await start({ limits });
    const commits = ["a", "b", "c"].map((name) =>
      coordinator.repository.commit(project(INSTALL, { "package-lock.json": JSON.stringify({ name }) })),
    );
    const entryOf = async (commit: string | undefined) => {
      const { mounts } = await prepare(coordinator, commit ?? "");
      return join(mounts[0]?.source ?? "", "..", "..");
    };
    const [first, second] = [await entryOf(commits[0]), await entryOf(commits[1])];
    const past = (Date.now() - 2 * day) / 1000;
    await utimes(join(first, "prepared.json"), past, past);
    const third = await entryOf(commits[2]);
    expect([first, second, third].map((entry) => existsSync(entry))).toEqual([false, true, true]);
  });

  it("is swept of what a killed process was building", async () => {
    const coordinator = await start();
    const stale = join(
      coordinator.dataDir,
      "coordinator",
      "work",
      "999999999-1",
      "x",
      "p-1",
      "entry",
      "tree",
    );
    await mkdir(stale, { recursive: true });
    await start({ dataDir: coordinator.dataDir, mirrorRoots: [coordinator.folder] });
    expect(existsSync(stale)).toBe(false);
  });
});
