import { createGitFixture, processesMentioning, writeFixtureFiles, type GitFixture } from "@mosaic/testing";
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { GitError } from "./errors.ts";
import { createRemotes } from "./remotes.ts";
import { createGit, type Git } from "./run.ts";

let fixture: GitFixture;
let git: Git;
let home: string;

beforeEach(async () => {
  fixture = await createGitFixture();
  home = join(fixture.folder, "home");
  await mkdir(home);
  git = createGit({ home });
});
afterEach(() => fixture.dispose());

const local = (path: string) =>
  createRemotes({ allowPrivate: false }).open({ kind: "local", url: path, host: "" });

/** A stand-in for git that ignores signals it can ignore, has a child of its own, and never ends. */
async function stubbornGit(marker: string): Promise<Git> {
  const binary = join(fixture.folder, "stubborn-git");
  const script = `#!/bin/sh\ntrap '' TERM INT HUP\nMARK=${marker} sleep 1000 &\necho started\nMARK=${marker} sleep 1000\n`;
  await writeFile(binary, script);
  await chmod(binary, 0o755);
  return createGit({ home, binary });
}

describe("the git runner", () => {
  it("answers with code, output and error output as data", async () => {
    const remote = await fixture.remote({ "a.txt": "a\n" });
    const found = await git.run({
      command: "rev-parse",
      gitDir: remote,
      options: ["--verify"],
      values: ["main"],
    });
    expect(found).toMatchObject({ code: 0, stderr: "", truncated: false });
    expect(found.stdout.toString()).toMatch(/^[0-9a-f]{40}\n$/);
    const accepted = await git.run({
      command: "rev-parse",
      gitDir: remote,
      options: ["--verify", "--quiet"],
      values: ["nothing"],
      accept: [0, 1],
    });
    expect(accepted.code).toBe(1);
  });

  it("throws what git said for any other exit code, without user information of an URL", async () => {
    const call = git.run({
      command: "rev-parse",
      gitDir: fixture.folder,
      values: ["https://me:hunter2@host/x"],
    });
    const error = await call.then(
      () => null,
      (reason: GitError) => reason,
    );
    expect(error).toMatchObject({ name: "GitError", kind: "failed", command: "rev-parse", code: 128 });
    expect(error?.message).toContain("not a git repository");
    expect(`${error?.message} ${error?.stderr}`).not.toContain("hunter2");
  });

  it("says what to install when git is missing", async () => {
    const missing = createGit({ home, binary: "/nonexistent/git" });
    await expect(missing.run({ command: "version" })).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("install git 2.38 or newer"),
    });
  });

  it("writes stdin from a text, bytes and a stream, and stdout into a sink", async () => {
    const remote = await fixture.remote({ "a.txt": "a\n" });
    for (const stdin of ["main:a.txt\n", Buffer.from("main:a.txt\n"), Readable.from(["main:", "a.txt\n"])]) {
      const call = { command: "cat-file", gitDir: remote, options: ["--batch"], stdin } as const;
      expect((await git.run(call)).stdout.toString()).toMatch(/^[0-9a-f]{40} blob 2\na\n\n$/);
    }
    const sink = new PassThrough();
    const result = await git.run({
      command: "cat-file",
      gitDir: remote,
      values: ["blob", "main:a.txt"],
      sink,
    });
    expect(result.stdout.length).toBe(0);
    expect(await sink.toArray()).toEqual([Buffer.from("a\n")]);
  });

  it("fails when its input breaks off, before or while it is read", async () => {
    const remote = await fixture.remote({ "a.txt": "a\n" });
    const read = (stdin: Readable) =>
      git.run({ command: "cat-file", gitDir: remote, options: ["--batch"], stdin });
    const during = new Readable({ read() {} });
    during.push("half");
    const call = read(during);
    during.destroy(new Error("the source is gone"));
    await expect(call).rejects.toMatchObject({ kind: "input" });
    const before = new Readable({ read() {} });
    before.destroy();
    await expect(read(before)).rejects.toMatchObject({ kind: "input" });
  });

  it("takes the exit code for the answer when git does not read its input to the end", async () => {
    const stdin = "x".repeat(1_000_000);
    const call = git.run({
      command: "cat-file",
      gitDir: fixture.folder,
      options: ["--batch"],
      stdin,
    });
    await expect(call).rejects.toMatchObject({ kind: "failed", code: 128 });
    expect((await git.run({ command: "version", stdin })).code).toBe(0);
  });

  it("kills a git that writes too much, and fails or cuts as asked", async () => {
    const remote = await fixture.remote({ "big.txt": "0123456789".repeat(100_000) });
    const call = {
      command: "cat-file",
      gitDir: remote,
      values: ["blob", "main:big.txt"],
      maxBytes: 1000,
    } as const;
    await expect(git.run(call)).rejects.toMatchObject({ kind: "output_limit" });
    const cut = await git.run({ ...call, overflow: "cut" });
    expect(cut).toMatchObject({ code: null, truncated: true });
    expect(cut.stdout.length).toBe(1000);
  });

  it("kills the whole group at the time limit, also what ignores every polite signal", async () => {
    const stubborn = await stubbornGit("timeout-marker-71");
    const call = stubborn.run({ command: "version", timeoutMs: 100 });
    await expect(call).rejects.toMatchObject({ kind: "timeout" });
    expect(await processesMentioning("timeout-marker-71")).toEqual([]);
  });

  it("leaves no process after an abort and rejects with the signal's reason", async () => {
    const stubborn = await stubbornGit("abort-marker-72");
    const controller = new AbortController();
    const sink = new PassThrough();
    sink.once("data", () => controller.abort(new Error("killed by a person")));
    const call = stubborn.run({ command: "version", signal: controller.signal, sink });
    await expect(call).rejects.toThrow("killed by a person");
    expect(await processesMentioning("abort-marker-72")).toEqual([]);
    await expect(git.run({ command: "version", signal: controller.signal })).rejects.toThrow(
      "killed by a person",
    );
  });

  it("does not wait for a helper that git left behind with its pipes open", async () => {
    const binary = join(fixture.folder, "leaving-git");
    await writeFile(binary, "#!/bin/sh\nMARK=left-marker-73 sleep 1000 &\necho done\n");
    await chmod(binary, 0o755);
    const result = await createGit({ home, binary }).run({ command: "version" });
    expect(result.stdout.toString()).toBe("done\n");
    expect(await processesMentioning("left-marker-73")).toEqual([]);
  });
});

describe("attacks on the git runner", () => {
  it("reaches no other repository unless the call names one", async () => {
    const remote = await fixture.remote({ "a.txt": "a\n" });
    for (const url of [remote, `file://${remote}`, "ext::sh -c touch%20x", "fd::17", "git://localhost/x"]) {
      await expect(git.run({ command: "ls-remote", values: [url] })).rejects.toThrow(/not allowed/);
    }
    const listed = await git.run({ command: "ls-remote", values: [remote], remote: await local(remote) });
    expect(listed.stdout.toString()).toContain("refs/heads/main");
  });

  it("still refuses ext:: when a local repository was asked for", async () => {
    const remote = await fixture.remote({ "a.txt": "a\n" });
    const marker = join(fixture.folder, "executed");
    const call = git.run({
      command: "fetch",
      gitDir: remote,
      values: [`ext::sh -c touch% ${marker}`],
      remote: await local(remote),
    });
    await expect(call).rejects.toThrow(/transport 'ext' not allowed/);
    expect(existsSync(marker)).toBe(false);
  });

  it("runs neither hooks nor fsmonitor nor filters of a poisoned repository", async () => {
    const marker = join(fixture.folder, "executed");
    const payload = join(fixture.folder, "payload.sh");
    await writeFile(payload, `#!/bin/sh\ntouch ${marker}\nexit 1\n`);
    await chmod(payload, 0o755);
    const tree = join(fixture.folder, "poisoned");
    await fixture.git(fixture.folder, "init", "--quiet", tree);
    await writeFixtureFiles(tree, { "a.txt": "a\n" });
    await fixture.git(tree, "add", "a.txt");
    await fixture.git(tree, "commit", "--quiet", "-m", "start");
    await fixture.git(tree, "config", "core.fsmonitor", payload);
    await fixture.git(tree, "config", "core.hooksPath", fixture.folder);
    await writeFixtureFiles(fixture.folder, {
      "reference-transaction": { text: `#!/bin/sh\ntouch ${marker}\n`, executable: true },
    });
    await writeFixtureFiles(tree, { "a.txt": "changed\n" });
    const gitDir = join(tree, ".git");
    await git.run({ command: "ls-files", gitDir, workTree: tree, options: ["--modified"] });
    await git.run({ command: "update-ref", gitDir, values: ["refs/heads/other", "HEAD"] });
    expect(existsSync(marker)).toBe(false);
    // The payload is a real one: a git that is not hardened runs it.
    await fixture.git(tree, "status");
    expect(existsSync(marker)).toBe(true);
  });

  it("reads no configuration of the person it runs as", async () => {
    // git dies on a file like this when it reads it.
    await writeFile(join(home, ".gitconfig"), "[[[ this is not a configuration\n");
    const remote = await fixture.remote({ "a.txt": "a\n" });
    const call = { command: "rev-parse", gitDir: remote, options: ["--verify"], values: ["main"] } as const;
    expect((await git.run(call)).code).toBe(0);
  });
});
