import { describe, expect, it } from "vitest";
import { commitFiles } from "../../tests/commit-files.ts";
import { detectCommands } from "./detect.ts";

async function commands(base: Record<string, string | object>, commit = base) {
  const { commands: found } = await detectCommands(commitFiles(base), commitFiles(commit));
  return Object.fromEntries(Object.entries(found).map(([gate, command]) => [gate, command.command]));
}

describe("detection in a Node project", () => {
  it("takes the scripts by the names gates go by, with their pre and post scripts", async () => {
    const scripts = {
      "check:types": "tsc --noEmit",
      lint: "oxlint .",
      pretest: "node build.mjs",
      test: "node --test",
      posttest: "node clean.mjs",
      "test:coverage": "c8 node --test",
      build: "rolldown -c",
      "test:integration": "node --test it/",
    };
    expect(await commands({ "package.json": { scripts } })).toEqual({
      typecheck: "tsc --noEmit",
      lint: "oxlint .",
      tests: "node build.mjs && node --test && node clean.mjs",
      coverage: "c8 node --test",
      build: "rolldown -c",
      integration: "node --test it/",
    });
  });

  it("does not count npm's placeholder as tests", async () => {
    const scripts = { test: 'echo "Error: no test specified" && exit 1', lint: " " };
    expect(await commands({ "package.json": { scripts } })).toEqual({});
  });

  it("asks Vitest and Jest for coverage where there is no script for it", async () => {
    expect(await commands({ "package.json": { scripts: { test: "vitest run" } } })).toMatchObject({
      coverage: "vitest run --coverage",
    });
    expect(await commands({ "package.json": { scripts: { test: "jest --coverage" } } })).toMatchObject({
      coverage: "jest --coverage",
    });
    expect(await commands({ "package.json": { scripts: { test: "node --test" } } })).not.toHaveProperty(
      "coverage",
    );
  });

  it("type-checks by the project's own compiler where there is no script for it", async () => {
    const manifest = { devDependencies: { typescript: "5.0.0" } };
    expect(await commands({ "package.json": manifest, "tsconfig.json": "{}" })).toEqual({
      typecheck: "tsc --noEmit -p tsconfig.json",
    });
  });

  it("takes the base's scripts and says which ones the commit changes", async () => {
    const base = { "package.json": { scripts: { test: "node --test", lint: "oxlint" } } };
    const commit = { "package.json": { scripts: { test: "exit 0", lint: "oxlint" } } };
    const { commands: found } = await detectCommands(commitFiles(base), commitFiles(commit));
    expect(found.tests?.command).toBe("node --test");
    expect(found.tests?.notes[0]).toContain("('test')");
    const removed = await detectCommands(commitFiles(base), commitFiles({}));
    expect(removed.commands.tests?.notes[0]).toContain("'test', 'lint'");
  });

  it("finds nothing in a package.json that is none", async () => {
    expect(await commands({ "package.json": "[]" })).toEqual({});
    expect(await commands({ "package.json": "{" })).toEqual({});
    expect(await commands({ "package.json": { scripts: { test: 1 } } })).toEqual({});
  });
});

describe("detection in other ecosystems", () => {
  it("knows Python by the configuration of its tools", async () => {
    const pyproject = `[build-system]\n[tool.mypy]\n[tool.ruff.lint]\n[tool.pytest.ini_options]\n`;
    expect(
      await commands({ "pyproject.toml": pyproject, "requirements-dev.txt": "pytest-cov==5.0\n" }),
    ).toEqual({
      typecheck: "python3 -m mypy .",
      lint: "ruff check .",
      tests: "python3 -m pytest",
      coverage: "python3 -m pytest --cov --cov-report=json",
      build: "python3 -m build --no-isolation",
    });
    expect(
      await commands({ "setup.cfg": "[flake8]\n", "tests/test_a.py": "", "pyrightconfig.json": "{}" }),
    ).toEqual({
      typecheck: "pyright --warnings",
      lint: "python3 -m flake8",
      tests: "python3 -m unittest discover",
    });
    expect(await commands({ "requirements.txt": "pytest==8.0\ncoverage==7.0\n" })).toMatchObject({
      coverage: "python3 -m coverage run -m pytest && python3 -m coverage json",
    });
  });

  it("knows Go and Rust by their manifests", async () => {
    expect(await commands({ "go.mod": "module x" })).toMatchObject({
      lint: "go vet ./...",
      tests: "go test ./...",
      coverage: "go test -coverprofile=cover.out ./...",
    });
    const rust = await commands({ "Cargo.toml": "[package]" });
    expect(rust["lint"]).toContain("-D warnings");
    expect(rust).not.toHaveProperty("coverage");
  });

  it("takes make targets named like gates, but no variables or prerequisites", async () => {
    const makefile = "lint := x\nbuild test: deps\n\tgo\ncoverage::\n\tx\nall: typecheck\n";
    expect(await commands({ Makefile: makefile })).toEqual({ tests: "make test", build: "make build" });
  });

  it("runs the base's makefile when the commit changes it", async () => {
    const base = { Makefile: "test:\n\tnode --test\n" };
    const found = await detectCommands(commitFiles(base), commitFiles({ Makefile: "test:\n\ttrue\n" }));
    expect(found.commands.tests?.command).toBe('make -f "$MOSAIC_HARNESS/Makefile" test');
    expect(found.harness.get("Makefile")).toBe(base.Makefile);
    expect(found.commands.tests?.notes[0]).toContain("changes Makefile");
  });

  it("lets the first ecosystem with a command win, gate by gate", async () => {
    const base = { "package.json": { scripts: { test: "node --test" } }, Makefile: "test:\nlint:\n" };
    expect(await commands(base)).toEqual({ tests: "node --test", lint: "make lint" });
  });
});
