import { describe, expect, it } from "vitest";
import { commitFiles } from "../../tests/commit-files.ts";
import type { DependencyPlan, PrepareSettings } from "./plan.ts";
import { planDependencies } from "./planners.ts";

const planned = (contents: Record<string, string | object>, settings: PrepareSettings = {}) =>
  planDependencies(commitFiles(contents), settings);

async function plan(
  contents: Record<string, string | object>,
  settings?: PrepareSettings,
): Promise<DependencyPlan> {
  const [first] = await planned(contents, settings);
  if (first?.kind !== "plan") throw new Error(`no plan: ${JSON.stringify(first)}`);
  return first.plan;
}

const DEPS = { dependencies: { a: "1.0.0" } };

describe("planDependencies", () => {
  it.each([
    ["no manifest", { "readme.md": "" }],
    ["a Node project without dependencies", { "package.json": { name: "x" } }],
    ["a Go module without requirements", { "go.mod": "module x\n\ngo 1.22\n" }],
    ["vendored Go modules", { "go.mod": "module x\nrequire y v1\n", "vendor/modules.txt": "" }],
    ["a Cargo project without dependencies", { "Cargo.toml": "", "Cargo.lock": "version = 3\n" }],
    ["a Python project without dependencies", { "pyproject.toml": "[project]\nname='x'\n" }],
  ])("prepares nothing for %s", async (_, contents) => {
    expect(await planned(contents)).toEqual([]);
  });

  it.each([
    ["npm", { "package.json": DEPS }, /package-lock\.json/],
    ["pnpm", { "package.json": { ...DEPS, packageManager: "pnpm@9.0.0" } }, /pnpm-lock\.yaml/],
    ["workspaces", { "package.json": { workspaces: ["packages/*"] } }, /package-lock\.json/],
    ["loose requirements", { "requirements.txt": "a==1.0\nb>=2\n" }, /'b>=2'.*exact version/],
    ["requirements by URL", { "requirements.txt": "git+https://x/y\n" }, /exact version/],
    ["a pyproject", { "pyproject.toml": '[project]\ndependencies = ["a"]\n' }, /uv\.lock/],
    ["go", { "go.mod": "module x\nrequire y v1\n" }, /go\.sum/],
    ["cargo", { "Cargo.toml": "" }, /Cargo\.lock/],
  ])("says what to commit when the versions are not locked: %s", async (_, contents, message) => {
    const [first] = await planned(contents);
    expect(first).toMatchObject({ kind: "unlocked", message: expect.stringMatching(message) });
  });

  it("installs npm dependencies from the lockfile, with manifests and settings only, without scripts", async () => {
    const npm = await plan({
      "package.json": DEPS,
      "package-lock.json": '{"resolved":"file:vendor/a-1.0.0.tgz"}',
      ".npmrc": "",
      "packages/b/package.json": {},
      "node_modules/c/package.json": {},
      "vendor/a-1.0.0.tgz": "",
      "src/index.js": "",
    });
    expect(npm.command).toBe("npm ci --ignore-scripts --no-audit --no-fund");
    expect([...npm.inputs].sort()).toEqual([
      ".npmrc",
      "package-lock.json",
      "package.json",
      "packages/b/package.json",
      "vendor/a-1.0.0.tgz",
    ]);
  });

  it("runs install scripts, or another command, only on the base branch's word", async () => {
    const contents = { "package.json": DEPS, "package-lock.json": "{}" };
    expect((await plan(contents, { scripts: true })).command).toContain("npm rebuild");
    expect(await plan(contents, { command: "make deps" })).toMatchObject({
      command: "make deps",
      program: null,
    });
  });

  it("lets the base branch name a command for managers that are not known here", async () => {
    const bun = await plan(
      { "package.json": DEPS, "bun.lock": "" },
      { command: "bun install --frozen-lockfile" },
    );
    expect([...bun.inputs].sort()).toEqual(["bun.lock", "package.json"]);
    const poetry = await plan({ "pyproject.toml": "", "poetry.lock": "" }, { command: "poetry install" });
    expect(poetry.inputs).toEqual(["pyproject.toml", "poetry.lock"]);
    const both = { "package.json": DEPS, "package-lock.json": "{}", "pyproject.toml": "", "poetry.lock": "" };
    expect(await planned(both, { command: "make deps" })).toHaveLength(1);
    expect((await plan(both, { command: "make deps" })).outputs).toHaveLength(2);
  });

  it("takes the manager by its lockfile, and both kinds of yarn", async () => {
    expect((await plan({ "package.json": DEPS, "pnpm-lock.yaml": "" })).command).toContain(
      "--frozen-lockfile",
    );
    const classic = { "package.json": DEPS, "yarn.lock": "# yarn lockfile v1\n" };
    expect((await plan(classic)).command).toContain("--ignore-scripts");
    const berry = { "package.json": DEPS, "yarn.lock": "__metadata:\n" };
    expect((await plan(berry)).command).toBe("yarn install --immutable --mode=skip-build");
  });

  it("makes a virtual environment of wheels for pinned Python requirements", async () => {
    const requirements =
      "# tools\na==1.0 # pinned\nb[x]==2.0 ; python_version > '3'\nc==1 \\\n --hash=sha256:0\n";
    const python = await plan({ "requirements.txt": requirements });
    expect(python.command).toContain("--only-binary :all: -r requirements.txt");
    expect(python.outputs).toMatchObject([{ path: ".venv" }]);
    expect((await plan({ "uv.lock": "", "pyproject.toml": "" })).command).toContain("uv sync --frozen");
  });

  it("gives cargo empty sources, which it wants to see and does not read", async () => {
    const lock = 'source = "registry+https://x"\n';
    const rust = await plan({ "Cargo.toml": "", "Cargo.lock": lock, "src/main.rs": "fn main() {}" });
    expect(rust).toMatchObject({ command: "cargo fetch --locked", placeholders: ["src/main.rs"] });
  });

  it("prepares every ecosystem of a repository", async () => {
    const all = await planned({
      "package.json": DEPS,
      "package-lock.json": "{}",
      "go.mod": "module x\nrequire y v1\n",
      "go.sum": "",
    });
    expect(all.map((one) => one.kind === "plan" && one.plan.manager)).toEqual(["npm", "go"]);
  });
});
