import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type CommandLine, createCommandLine } from "./command-line.ts";

let cli: CommandLine;
let programs = "";
beforeEach(async () => {
  cli = createCommandLine();
  programs = join(cli.home, "programs");
  await mkdir(programs, { recursive: true });
});
afterEach(() => cli.dispose());

/** A registry is out of reach here: this stands in for npm. */
async function npm(script: string): Promise<void> {
  const file = join(programs, "npm");
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

const install = (name = "claude-code", env: Record<string, string> = {}) =>
  cli.run(["runtime", "install", name], { PATH: `${programs}:/usr/bin:/bin`, ...env });

it("installs a lockfile's versions into the data folder, says the licence, and does nothing a second time", async () => {
  await npm('echo "$@" > asked; env > environment; mkdir node_modules');
  const first = await install("claude-code", { CLAUDE_API_KEY: "sk-ant-secret", https_proxy: "http://p" });
  const folder = join(cli.home, "runtimes", "claude-code");
  expect(first).toMatchObject({ code: 0, stdout: `${folder}\n` });
  expect(first.stderr).toMatch(/not open source[^]*legal-and-compliance/);
  expect(first.stderr).toContain("@anthropic-ai/claude-agent-sdk 0.3.");
  expect(await readFile(join(folder, "asked"), "utf8")).toBe("ci --ignore-scripts --no-audit --no-fund\n");
  const environment = await readFile(join(folder, "environment"), "utf8");
  expect(environment).toContain("https_proxy=http://p");
  expect(environment).not.toContain("sk-ant-secret");
  await npm("exit 1");
  const second = await install();
  expect(second).toMatchObject({ code: 0, stdout: `${folder}\n` });
  expect(second.stderr).toContain("was installed already");
});

it("installs where the server looks", async () => {
  await npm("mkdir node_modules");
  const { stdout } = await install("claude-code", { MOSAIC_RUNTIMES_FOLDER: join(cli.home, "elsewhere") });
  expect(stdout).toBe(`${join(cli.home, "elsewhere", "claude-code")}\n`);
});

it("replaces what another lockfile installed", async () => {
  await npm("mkdir node_modules");
  const folder = join(cli.home, "runtimes", "claude-code");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package-lock.json"), "{}");
  await writeFile(join(folder, "old"), "");
  expect((await install()).code).toBe(0);
  expect(await readdir(folder)).not.toContain("old");
});

it("leaves nothing half installed, and says what npm said", async () => {
  await npm("mkdir node_modules; echo 'the registry is away' >&2; exit 7");
  const { code, stdout, stderr } = await install();
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toMatch(/npm ci failed: it ended with code 7[^]*the registry is away/);
  expect(await readdir(join(cli.home, "runtimes"))).toEqual([]);
});

it("says that there is no npm, or nothing to install", async () => {
  const without = await install("claude-code", { PATH: programs });
  expect(without).toMatchObject({ code: 1, stderr: expect.stringMatching(/npm ci failed: .*ENOENT/) });
  expect(await install("../../etc")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/nothing to install[^]*claude-code/),
  });
});
