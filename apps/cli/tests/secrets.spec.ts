import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fakeSecret } from "@mosaic/replay";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CommandLine, createCommandLine } from "./command-line.ts";

const SECRET = fakeSecret("github-token");
let cli: CommandLine;
let repository: string;

beforeEach(() => {
  cli = createCommandLine({
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_EMAIL: "a@example.test",
    GIT_COMMITTER_NAME: "A",
    GIT_COMMITTER_EMAIL: "a@example.test",
  });
  // A name that a hook without quotes would trip over.
  repository = join(cli.home, "it's a 'repo' $HOME");
  mkdirSync(repository);
  git("init", "--quiet", "--initial-branch=main");
});
afterEach(() => cli.dispose());

const env = () => ({
  PATH: process.env["PATH"],
  HOME: cli.home,
  MOSAIC_HOME: cli.home,
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.test",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.test",
});

function git(...args: readonly string[]): string {
  return execFileSync("git", args, { cwd: repository, env: env(), encoding: "utf8" });
}

function commit(...args: readonly string[]) {
  return spawnSync("git", ["commit", ...args], { cwd: repository, env: env(), encoding: "utf8" });
}

const write = (name: string, text: string) => writeFileSync(join(repository, name), text);
const secrets = (...args: readonly string[]) => cli.run(["secrets", ...args]);

describe("mosaic secrets scan", () => {
  it("needs no server, names places and never the value, and exits 1 with findings and 0 without", async () => {
    write("a.txt", `one\nkey ${SECRET}\n`);
    write(".gitignore", "ignored.txt\n");
    write("ignored.txt", SECRET);
    symlinkSync(SECRET, join(repository, "link"));
    const found = await secrets("scan", repository);
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/^a\.txt:2 {2}github-token {2}\([0-9a-f]{32}\)$/m);
    expect(found.stdout).toMatch(/^link:1 {2}github-token/m);
    expect(found.stdout).not.toContain("ignored.txt");
    expect(found.stdout + found.stderr).not.toContain(SECRET);
    const asJson = await secrets("scan", join(repository, "a.txt"), "--json");
    expect(asJson.code).toBe(1);
    expect(JSON.parse(asJson.stdout)).toMatchObject({
      files: 1,
      findings: [{ rule: "github-token", path: "a.txt", line: 2 }],
    });
    write("a.txt", "clean\n");
    expect((await secrets("scan", join(repository, "a.txt"))).code).toBe(0);
  });

  it("looks at folders that are no repository, too, and at names", async () => {
    const folder = join(cli.home, "plain");
    mkdirSync(join(folder, "deep"), { recursive: true });
    writeFileSync(join(folder, "deep", ".env"), "A=1\n");
    writeFileSync(join(folder, `${SECRET}.txt`), "");
    const found = await secrets("scan", folder);
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/^deep\/\.env {2}file-env/m);
    expect(found.stdout).toMatch(/^\(a file's name\) {2}github-token/m);
  });

  it("exits 2 when it is asked for what cannot be", async () => {
    const missing = await secrets("scan", join(cli.home, "nothing"));
    const noRepository = await secrets("scan", "--staged", cli.home);
    git("config", "--add", "secrets.patterns", "(");
    const noPattern = await secrets("scan", repository);
    expect([missing.code, noRepository.code, noPattern.code]).toEqual([2, 2, 2]);
  });

  it("counts what people told git-secrets, and ignores what a repository says about itself", async () => {
    write("a.txt", `acme ACME-1234\nkey ${SECRET}\n`);
    write(".gitallowed", ".*\n");
    git("config", "--add", "secrets.patterns", "ACME-[0-9]{4}");
    const both = await secrets("scan", repository);
    expect(both.stdout.split("\n").map((line) => line.split("  ").slice(0, 2))).toEqual([
      ["a.txt:2", "github-token"],
      ["a.txt:1", "git-secrets"],
      [""],
    ]);
    git("config", "--add", "secrets.allowed", "^a\\.txt:1:");
    git("config", "--add", "secrets.allowed", "^a\\.txt:2:");
    expect((await secrets("scan", repository)).code).toBe(0);
  });

  it("looks at what is staged, not at the file on the disk", async () => {
    write("a.txt", `key ${SECRET}\n`);
    git("add", "a.txt");
    write("a.txt", "clean\n");
    write("b.txt", `key ${SECRET}\n`);
    const found = await secrets("scan", "--staged", repository);
    expect(found.code).toBe(1);
    expect(found.stdout).toMatch(/^a\.txt:1 /);
    expect(found.stdout).not.toContain("b.txt");
  });
});

describe("mosaic secrets install-hook", () => {
  it("makes git refuse commits with secrets in files and messages, and lets others pass", async () => {
    const installed = await secrets("install-hook", repository);
    expect(installed.code).toBe(0);
    expect(statSync(join(repository, ".git/hooks/pre-commit")).mode & 0o111).toBe(0o111);
    write("a.txt", `key ${SECRET}\n`);
    git("add", "a.txt");
    const refused = commit("-m", "add a");
    expect(refused.status).toBe(1);
    expect(refused.stdout + refused.stderr).toMatch(/a\.txt:1 {2}github-token/);
    expect(refused.stdout + refused.stderr).not.toContain(SECRET);
    write("a.txt", "clean\n");
    git("add", "a.txt");
    expect(commit("-m", `use ${SECRET}`).status).toBe(1);
    expect(commit("-m", "add a").status).toBe(0);
    expect(git("log", "--format=%s")).toBe("add a\n");
  });

  it("leaves hooks of others alone unless it is told to, and installs over its own", async () => {
    const foreign = join(repository, ".git/hooks/commit-msg");
    mkdirSync(join(repository, ".git/hooks"), { recursive: true });
    writeFileSync(foreign, "#!/bin/sh\nexit 0\n");
    const refused = await secrets("install-hook", repository);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("commit-msg");
    expect(existsSync(join(repository, ".git/hooks/pre-commit"))).toBe(false);
    expect((await secrets("install-hook", repository, "--force")).code).toBe(0);
    expect(readFileSync(`${foreign}.before-mosaic`, "utf8")).toContain("exit 0");
    expect((await secrets("install-hook", repository)).code).toBe(0);
  });

  it("installs where core.hooksPath says, and only into repositories", async () => {
    git("config", "core.hooksPath", "my hooks");
    expect((await secrets("install-hook", repository)).code).toBe(0);
    expect(existsSync(join(repository, "my hooks/pre-commit"))).toBe(true);
    write("a.txt", `key ${SECRET}\n`);
    git("add", "a.txt");
    expect(commit("-m", "add a").status).toBe(1);
    expect((await secrets("install-hook", cli.home)).code).toBe(2);
  });
});
