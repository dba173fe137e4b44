import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createBubblewrapSandbox } from "@mosaic/sandbox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCoordinator, type TestCoordinator, verdictOf } from "./coordinator.ts";

const PASSING = 'import { test } from "node:test"; test("adds", () => {});\n';
const FAILING = 'import { test } from "node:test"; test("adds", () => { throw new Error("no"); });\n';
const manifest = (scripts: Record<string, string>) =>
  JSON.stringify({ name: "sample", version: "1.0.0", scripts });
const gatesFile = (command: string) => ({
  ".mosaic/gates.json": JSON.stringify({ gates: { tests: { command, timeoutSeconds: 60 } } }),
});

let coordinator: TestCoordinator;
beforeAll(async () => {
  coordinator = await startCoordinator();
});
afterAll(() => coordinator.close());

const commit: TestCoordinator["repository"]["commit"] = (files, parent) =>
  coordinator.repository.commit(files, parent);

async function testsVerdict(next: string, base = next) {
  return verdictOf(await coordinator.check(next, base), "tests");
}

describe("an agent cannot weaken its gates", () => {
  it("by changing the script: the base's text runs, and the verdict says so", async () => {
    const base = commit({ "package.json": manifest({ test: "node --test" }), "a.test.js": FAILING });
    const next = commit({ "package.json": manifest({ test: "exit 0" }) }, base);
    const verdict = await testsVerdict(next, base);
    expect(verdict).toMatchObject({ outcome: "failed", command: "node --test" });
    expect(verdict.message).toContain("('test'); the gate ran the base branch's text");
  });

  it.each(["npm run unit", "npm run -s unit --", "npm --silent run unit", "pnpm unit", "yarn run unit"])(
    "by changing a script which the gate's script calls with '%s'",
    async (call) => {
      const scripts = { test: `${call} && echo done`, unit: "exit 7" };
      const base = commit({ "package.json": manifest(scripts) });
      const next = commit({ "package.json": manifest({ ...scripts, unit: "exit 0" }) }, base);
      expect(await testsVerdict(next, base)).toMatchObject({ outcome: "failed", exitCode: 7 });
    },
  );

  it("by adding a pre script, or a project of its own settings", async () => {
    const base = commit({
      "package.json": manifest({ pretest: "echo before", test: "node --test" }),
      "a.test.js": FAILING,
    });
    const next = commit(
      {
        "package.json": manifest({ pretest: "rm a.test.js", test: "node --test", posttest: "exit 0" }),
        ".npmrc": "script-shell=/bin/true\n",
      },
      base,
    );
    const verdict = await testsVerdict(next, base);
    expect(verdict).toMatchObject({ outcome: "failed", command: "echo before && node --test" });
  });

  it("by deleting its tests: a run of no tests fails", async () => {
    const base = commit({ "package.json": manifest({ test: "node --test" }), "a.test.js": FAILING });
    const verdict = await testsVerdict(commit({ "a.test.js": null }, base), base);
    expect(verdict).toMatchObject({ outcome: "failed", exitCode: 0, metrics: { tests: 0 } });
    expect(verdict.message).toContain("deletes test files: a.test.js");
  });

  it("by writing a gates.json, which counts on the base branch only", async () => {
    const base = commit({ "package.json": manifest({ test: "node --test" }), "a.test.js": FAILING });
    const verdict = await testsVerdict(commit(gatesFile("true"), base), base);
    expect(verdict).toMatchObject({ outcome: "failed", command: "node --test" });
  });

  it("by changing the makefile", async () => {
    const base = commit({ Makefile: "test:\n\texit 9\n" });
    const verdict = await testsVerdict(commit({ Makefile: "test:\n\ttrue\n" }, base), base);
    expect(verdict).toMatchObject({ outcome: "failed", exitCode: 2 });
    expect(verdict.message).toContain("changes Makefile");
  });

  it.each([
    ["a file", { ".npmrc": "script-shell=/bin/true\nnode-options=--require /tree/preload.cjs\n" }],
    ["a link", { ".npmrc": { link: "settings" }, settings: "script-shell=/bin/true\n" }],
    ["a removal", { ".npmrc": null }],
  ])("by the settings of what runs the command: %s", async (_, settings) => {
    const scripts = { test: "npm exec -c 'node --test'" };
    const base = commit({
      "package.json": manifest(scripts),
      "a.test.js": FAILING,
      ".npmrc": "fund=false\n",
    });
    const next = commit({ ...settings, "preload.cjs": "process.exit(0);" }, base);
    const verdict = await testsVerdict(next, base);
    expect(verdict.outcome).toBe("failed");
    expect(verdict.message).toContain('changes ".npmrc"; the gate ran with the base branch\'s');
  });

  it("by a folder in the place of such settings, or a link in that of their folder", async () => {
    const probe = gatesFile("cat .npmrc; cat .cargo/config.toml; cat elsewhere/config.toml; exit 3");
    const files = { ".npmrc": "base-npm\n", ".cargo/config.toml": "base-cargo\n", ...probe };
    const base = commit(files);
    const evil = { ".npmrc": null, ".npmrc/x": "evil\n", ".cargo/config.toml": null };
    const next = commit(
      { ...evil, ".cargo": { link: "elsewhere" }, "elsewhere/config.toml": "theirs\n" },
      base,
    );
    expect((await testsVerdict(next, base)).output).toBe("base-npm\nbase-cargo\ntheirs\n");
  });

  it("by a file called like the makefile's target", async () => {
    const base = commit({ Makefile: "test:\n\texit 9\n" });
    expect(await testsVerdict(commit({ test: "" }, base), base)).toMatchObject({
      outcome: "failed",
      exitCode: 2,
    });
  });

  it("by putting its own programs where the toolchain's should be", async () => {
    const base = commit({ "package.json": manifest({ test: "npm run unit", unit: "exit 7" }) });
    const next = commit({ npm: "#!/bin/sh\nexit 0\n", "node_modules/.bin/npm": "#!/bin/sh\nexit 0\n" }, base);
    expect(await testsVerdict(next, base)).toMatchObject({ outcome: "failed", exitCode: 7 });
  });
});

describe("a gate cannot get out", () => {
  it("cannot write outside of its copy or see the host", async () => {
    const marker = join(coordinator.folder, "marker");
    await writeFile(marker, "untouched");
    const probe = [
      `echo x > ${marker}; echo x > ${coordinator.repository.mirror}/HEAD`,
      "touch /tree/inside || exit 1",
      `test ! -e ${marker} || exit 2`,
      'test -z "$(ls /root 2>/dev/null)" || exit 3',
      "touch /usr/x /mosaic/x 2>/dev/null && exit 4",
      "env | sort",
    ].join("\n");
    const verdict = await testsVerdict(commit(gatesFile(probe)));
    expect(verdict.exitCode).toBe(0);
    const names = verdict.output
      .split("\n")
      .filter((line) => /^\w+=/.test(line))
      .map((line) => line.split("=")[0]);
    const ours = [
      "CI",
      "HOME",
      "LANG",
      "MOSAIC_GATE",
      "MOSAIC_HARNESS",
      "MOSAIC_TREE",
      "NO_COLOR",
      "PATH",
      "PWD",
      "TERM",
      "TZ",
    ];
    expect(names.filter((name) => !["OLDPWD", "SHLVL", "_"].includes(name ?? ""))).toEqual(ours);
    expect(await readFile(marker, "utf8")).toBe("untouched");
    expect(await readFile(join(coordinator.repository.mirror, "HEAD"), "utf8")).toMatch(/^ref: /);
  });

  it("cannot reach a server of the host", async () => {
    let connections = 0;
    const server = createServer(() => (connections += 1));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const script = `node -e 'require("net").connect(${port}, "127.0.0.1").on("error", (e) => console.log(e.code))'`;
    const verdict = await testsVerdict(commit(gatesFile(script)));
    await new Promise((resolve) => server.close(resolve));
    expect(verdict.output).toBe("ECONNREFUSED\n");
    expect(connections).toBe(0);
  });

  it("cannot leave a daemon behind", async () => {
    const escape = "(setsid nohup sh -c 'trap \"\" TERM INT HUP; sleep 1000' >/dev/null 2>&1 &) ; echo left";
    const verdict = await testsVerdict(commit(gatesFile(escape)));
    expect(verdict).toMatchObject({ outcome: "passed", output: "left\n" });
    expect(coordinator.sandbox.list()).toEqual([]);
  });

  it("cannot bring a secret it prints into the verdict, nor terminal control", async () => {
    const key = `sk-ant-api03-${"A1b2C3d4".repeat(12)}AA`;
    const verdict = await testsVerdict(commit(gatesFile(`printf 'key \\033[31m${key}\\033[0m\\r\\nend\\n'`)));
    expect(JSON.stringify(verdict)).not.toContain(key.slice(0, 40));
    expect(verdict.output).toMatch(/^key \[redacted:[^\]]+\]\nend\n$/);
  });

  it("cannot drown the coordinator in output", async () => {
    const verdict = await testsVerdict(
      commit(gatesFile("head -c 50000000 /dev/zero | tr '\\0' x; echo; echo end")),
    );
    expect(verdict.outcome).toBe("passed");
    expect(verdict.output.endsWith("end\n")).toBe(true);
    expect(Buffer.byteLength(verdict.output)).toBeLessThanOrEqual(8192);
  });

  it("cannot hide behind files that are hard to remove", async () => {
    const script =
      "mkdir -p deep/er && touch deep/er/file && chmod 0 deep/er deep && ln -s /etc out && mkfifo pipe";
    expect(await testsVerdict(commit(gatesFile(script)))).toMatchObject({ outcome: "passed" });
    expect(await coordinator.leftovers()).toEqual([]);
    expect(existsSync("/etc/passwd")).toBe(true);
  });

  it("is its own failure when its program is not there, or it kills itself", async () => {
    const scripts = { typecheck: "no-such-program", lint: "kill -9 $$", test: "node --test" };
    const base = commit({ "package.json": manifest(scripts), "a.test.js": PASSING });
    const response = await coordinator.check(base, base, { profile: "standard" });
    expect(verdictOf(response, "typecheck")).toMatchObject({ outcome: "failed", exitCode: 127 });
    expect(verdictOf(response, "lint").outcome).toBe("failed");
    expect(verdictOf(response, "tests").outcome).toBe("passed");
  });
});

// Where a resource limit holds processes it costs the host little, and runs into its time limit.
const { detail } = await createBubblewrapSandbox().probe();
it.runIf(detail.includes("process limit: cgroup"))(
  "a gate that is a fork bomb is ended, and says why",
  async () => {
    const bomb = "for (;;) { select undef, undef, undef, 0.001 unless defined fork }";
    const verdict = await testsVerdict(commit(gatesFile(`perl -e '${bomb}'`)));
    expect(verdict.outcome).not.toBe("passed");
    expect(verdict.message).toMatch(/start more than \d+ processes, which is the limit/);
  },
);
