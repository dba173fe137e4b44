import { createBubblewrapSandbox, type Sandbox, SandboxError, type SandboxSpec } from "@mosaic/sandbox";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { prepare, useCoordinators, verdictOf } from "./coordinator.ts";
import type { Files } from "./repository.ts";
import { watchedSandbox } from "./watched-sandbox.ts";

const start = useCoordinators();

const TOOL =
  'mkdir -p "$MOSAIC_ENVIRONMENT/bin"; printf "#!/bin/sh\\ncat /opt/mosaic/environment/said\\n" > "$MOSAIC_ENVIRONMENT/bin/say"';
const EXECUTABLE = 'chmod +x "$MOSAIC_ENVIRONMENT/bin/say"';

/** A repository whose gate uses a program that only its environment brings. */
function project(environment: unknown, more: Files = {}): Files {
  return {
    ".mosaic/gates.json": JSON.stringify({
      gates: { tests: { command: "say && echo 1 test passed" } },
      tests: { minimum: 0 },
    }),
    ".mosaic/environment.json": JSON.stringify(environment),
    "tools/words.txt": "first words\n",
    ...more,
  };
}
const PREPARED = {
  prepare: [TOOL, EXECUTABLE, 'cp tools/words.txt "$MOSAIC_ENVIRONMENT/said"'],
  inputs: ["tools/words.txt"],
};

describe("the base branch's prepare commands", () => {
  it("run once, and gates and agents get what they brought, read-only and on their PATH", async () => {
    const sandbox = watchedSandbox();
    const coordinator = await start({ sandbox });
    const base = coordinator.repository.commit(project(PREPARED));
    const first = await coordinator.check(base, base);
    expect(verdictOf(first, "tests")).toMatchObject({ output: expect.stringContaining("first words") });
    expect(first).toMatchObject({ approved: true });

    const next = coordinator.repository.commit({ "other.js": "1" }, base);
    expect(verdictOf(await coordinator.check(next, base), "prepare").message).toContain("prepared before");
    const cache = join(coordinator.dataDir, "cache", "dependencies");
    const [entry] = await readdir(cache);
    expect(await prepare(coordinator, next)).toMatchObject({
      prepared: true,
      cached: true,
      mounts: [
        { source: join(cache, entry ?? "", "environment"), target: "/opt/mosaic/environment", scratch: [] },
      ],
      path: ["/opt/mosaic/environment/bin"],
      env: { MOSAIC_ENVIRONMENT: "/opt/mosaic/environment" },
    });
    expect(sandbox.started.filter(({ spec }) => spec.label === "prepare:environment")).toHaveLength(1);
  });

  it("run again when a file they read has changed, and only then", async () => {
    const coordinator = await start();
    const base = coordinator.repository.commit(project(PREPARED));
    await prepare(coordinator, base);
    const same = coordinator.repository.commit({ "README.md": "x" }, base);
    expect(await prepare(coordinator, same)).toMatchObject({ cached: true });
    const changed = coordinator.repository.commit({ "tools/words.txt": "other words\n" }, base);
    expect(await prepare(coordinator, changed)).toMatchObject({ prepared: true, cached: false });
    expect(verdictOf(await coordinator.check(changed, base), "tests").output).toContain("other words");
  });

  it("are the base branch's, whatever the commit says", async () => {
    const coordinator = await start();
    const base = coordinator.repository.commit(project(PREPARED));
    const weakened = { prepare: [TOOL, EXECUTABLE, 'echo forged > "$MOSAIC_ENVIRONMENT/said"'] };
    const commit = coordinator.repository.commit(
      { ".mosaic/environment.json": JSON.stringify(weakened) },
      base,
    );
    expect(verdictOf(await coordinator.check(commit, base), "tests").output).toContain("first words");
  });

  it("cannot put a program in the place of one that gates have", async () => {
    const coordinator = await start();
    const forged =
      'mkdir -p "$MOSAIC_ENVIRONMENT/bin"; printf "#!/bin/sh\\necho forged\\n" > "$MOSAIC_ENVIRONMENT/bin/node"; chmod +x "$MOSAIC_ENVIRONMENT/bin/node"';
    const gates = JSON.stringify({ gates: { tests: { command: "node -p 6*7" } }, tests: { minimum: 0 } });
    const base = coordinator.repository.commit(
      project({ prepare: [forged] }, { ".mosaic/gates.json": gates }),
    );
    expect(verdictOf(await coordinator.check(base, base), "tests").output).toBe("42\n");
  });

  it("install packages, too, instead of the manager's own way", async () => {
    const coordinator = await start();
    const install =
      "mkdir -p node_modules/dep && echo 'module.exports = \"works\"' > node_modules/dep/index.js";
    const base = coordinator.repository.commit(
      project(
        { prepare: [install] },
        {
          "package.json": JSON.stringify({ name: "sample", dependencies: { dep: "1.0.0" } }),
          ".mosaic/gates.json": JSON.stringify({
            gates: { tests: { command: "node -p 'require(\"dep\")'" } },
          }),
        },
      ),
    );
    const answer = await coordinator.check(base, base);
    expect(verdictOf(answer, "prepare")).toMatchObject({ outcome: "passed" });
    expect(verdictOf(answer, "tests").output).toBe("works\n");
  });

  it("stop at the first that fails, and nothing of them is kept", async () => {
    const coordinator = await start();
    const commands = [TOOL, "echo it breaks; false", 'touch "$MOSAIC_ENVIRONMENT/after"'];
    const base = coordinator.repository.commit(project({ prepare: commands }));
    const answer = await coordinator.check(base, base);
    expect(answer).toMatchObject({ approved: false, gate: "prepare" });
    expect(verdictOf(answer, "prepare")).toMatchObject({ outcome: "failed", output: "it breaks\n" });
    expect(await readdir(join(coordinator.dataDir, "cache", "dependencies"))).toEqual([]);
  });

  it("have no network but the registries, and cannot reach gates afterwards", async () => {
    const coordinator = await start();
    const reach = "exec 3<>/dev/tcp/127.0.0.1/$1";
    const commands = [
      TOOL,
      EXECUTABLE,
      `if bash -c '${reach}' x ${new URL(coordinator.url).port} 2>/dev/null; then echo reached > "$MOSAIC_ENVIRONMENT/said"; else echo alone > "$MOSAIC_ENVIRONMENT/said"; fi`,
    ];
    const base = coordinator.repository.commit(
      project(
        { prepare: commands },
        {
          ".mosaic/gates.json": JSON.stringify({
            gates: { tests: { command: "say; touch /opt/mosaic/environment/x || echo read-only" } },
            tests: { minimum: 0 },
          }),
        },
      ),
    );
    const { output } = verdictOf(await coordinator.check(base, base), "tests");
    expect(output).toContain("alone");
    expect(output).toContain("read-only");
  });

  it("count against the bound of one prepared set", async () => {
    const coordinator = await start({ limits: { preparedBytes: 100_000 } });
    const fill = 'head -c 200000 /dev/zero > "$MOSAIC_ENVIRONMENT/large"';
    const base = coordinator.repository.commit(project({ prepare: [fill] }));
    expect(verdictOf(await coordinator.check(base, base), "prepare")).toMatchObject({
      outcome: "failed",
      message: expect.stringContaining("the limit is 100000"),
    });
  });
});

describe("an environment that cannot be had", () => {
  const invalid: readonly [string, Files, string][] = [
    ["is no JSON", { ".mosaic/environment.json": "{" }, "is not JSON"],
    ["has a misspelt key", { ".mosaic/environment.json": '{"prepair":["true"]}' }, "is not valid"],
    ["is a link", { ".mosaic/environment.json": { link: "../README.md" } }, "symbolic link"],
    ["is huge", { ".mosaic/environment.json": `{}${" ".repeat(70_000)}` }, "larger than"],
    ["names an image where there are none", project({ image: "mosaic-agent:latest" }), "has no images"],
    [
      "prepares in two ways",
      project(PREPARED, { ".mosaic/gates.json": JSON.stringify({ prepare: { command: "true" } }) }),
      "keep one",
    ],
  ];

  it.each(invalid)("rejects everything when it %s", async (_what, files, why) => {
    const coordinator = await start({ images: ["mosaic-agent:latest"] });
    const base = coordinator.repository.commit(files);
    const answer = await coordinator.check(base, base);
    expect(answer.approved).toBe(false);
    expect(verdictOf(answer, "tests")).toMatchObject({
      outcome: "error",
      message: expect.stringContaining(why),
    });
    expect(await prepare(coordinator, base)).toMatchObject({
      prepared: false,
      message: expect.stringContaining(why),
      mounts: [],
    });
  });
});

describe("an image of the base branch", () => {
  /** A sandbox that notes the images it is asked for, and runs on the host's files all the same. */
  function withImages(): { sandbox: Sandbox; asked: Pick<SandboxSpec, "label" | "image" | "mounts">[] } {
    const real = createBubblewrapSandbox();
    const asked: Pick<SandboxSpec, "label" | "image" | "mounts">[] = [];
    return {
      asked,
      sandbox: {
        ...real,
        takesImages: true,
        start: async ({ image, ...spec }) => {
          asked.push({ label: spec.label, ...(image === undefined ? {} : { image }), mounts: spec.mounts });
          return await real.start(spec);
        },
      },
    };
  }

  it("is what gates and preparation run in, without the host's tool folders over it", async () => {
    const { sandbox, asked } = withImages();
    const coordinator = await start({ sandbox, images: ["tools:1"] });
    const base = coordinator.repository.commit(project({ ...PREPARED, image: "tools:1" }));
    expect(await coordinator.check(base, base)).toMatchObject({ approved: true });
    expect(asked.map(({ label, image }) => [label.split(":")[0], image])).toEqual([
      ["prepare", "tools:1"],
      ["gate", "tools:1"],
    ]);
    const targets = asked.flatMap(({ mounts }) => mounts.map(({ target }) => target));
    expect(targets.filter((target) => !/^\/(?:opt\/mosaic|tree|cache)(?:\/|$)/.test(target))).toEqual([
      "/mosaic",
    ]);
  });

  it("is refused when the owner did not name it", async () => {
    const { sandbox, asked } = withImages();
    const coordinator = await start({ sandbox, images: ["tools:1"] });
    const base = coordinator.repository.commit(project({ image: "registry.example.com/evil:1" }));
    expect(verdictOf(await coordinator.check(base, base), "tests").message).toContain("MOSAIC_IMAGES");
    expect(asked).toEqual([]);
  });

  it("has prepared sets of its own", async () => {
    const { sandbox } = withImages();
    const coordinator = await start({ sandbox, images: ["tools:1", "tools:2"] });
    const one = coordinator.repository.commit(project({ ...PREPARED, image: "tools:1" }));
    const two = coordinator.repository.commit(project({ ...PREPARED, image: "tools:2" }));
    expect(await prepare(coordinator, one)).toMatchObject({ prepared: true, cached: false });
    expect(await prepare(coordinator, two)).toMatchObject({ prepared: true, cached: false });
    expect(await prepare(coordinator, one)).toMatchObject({ cached: true });
  });

  it("that the engine does not have is told, with what to do, and nothing runs", async () => {
    const { sandbox, asked } = withImages();
    const imageIds = () => Promise.reject(new SandboxError("the engine has no image 'tools:1'; build it"));
    const coordinator = await start({ sandbox, images: ["tools:1"], imageIds });
    const base = coordinator.repository.commit(project({ ...PREPARED, image: "tools:1" }));
    const message = expect.stringContaining("cannot be had: the engine has no image 'tools:1'; build it");
    const verdict = verdictOf(await coordinator.check(base, base), "tests");
    expect(verdict).toMatchObject({ outcome: "error", message });
    expect(await prepare(coordinator, base)).toMatchObject({ prepared: false, message });
    expect(asked).toEqual([]);
  });
});
