import { describe, expect, it } from "vitest";
import { commandLine, type GitCall } from "./command-line.ts";

const settings = { home: "/empty", path: "/usr/bin:/bin" };
const line = (call: GitCall): string => commandLine(settings, call).args.join(" ");

describe("the command line of a git call", () => {
  it("puts values behind --end-of-options and paths behind --", () => {
    const args = commandLine(settings, {
      command: "ls-tree",
      gitDir: "/mirror.git",
      options: ["-z"],
      values: ["abc"],
      paths: ["--help", "a b"],
    }).args;
    expect(args.slice(args.indexOf("ls-tree"))).toEqual([
      "ls-tree",
      "-z",
      "--end-of-options",
      "abc",
      "--",
      "--help",
      "a b",
    ]);
    expect(args).toContain("--git-dir=/mirror.git");
  });

  it.each(["--upload-pack=touch /tmp/x", "-u", "--output=/etc/passwd", "-"])(
    "refuses the value %s wherever it stands",
    (value) => {
      expect(() => line({ command: "fetch", values: [value] })).toThrow(/starts with '-'/);
      expect(() => line({ command: "unpack-objects", values: [value] })).toThrow(/starts with '-'/);
      expect(() => line({ command: "worktree", options: ["add", ["-b", value]] })).toThrow(/starts with '-'/);
    },
  );

  it.each(["--upload-pack=x", "--exec=x", "--output=x", "-cprotocol.allow=always", "--config", "--textconv"])(
    "refuses the option %s even from our own code",
    (option) => {
      expect(() => line({ command: "fetch", options: [option] })).toThrow(/is not allowed/);
    },
  );

  it("refuses commands that are not on the list, relative folders, NUL and unknown variables", () => {
    expect(() => line({ command: "grep" as "fetch" })).toThrow(/'git grep' is not allowed/);
    expect(() => line({ command: "constructor" as "fetch" })).toThrow(/is not allowed/);
    expect(() => line({ command: "fetch", gitDir: "mirror.git" })).toThrow(/not an absolute path/);
    expect(() => line({ command: "fetch", values: ["a\0b"] })).toThrow(/NUL/);
    expect(() => line({ command: "fetch", env: { GIT_SSH: "x" } as object })).toThrow(
      /GIT_SSH is not allowed/,
    );
  });

  it("inherits nothing, allows no protocol, and turns off hooks, fsmonitor, helpers and redirects", () => {
    const { args, env } = commandLine(settings, { command: "version" });
    expect(env).toMatchObject({
      HOME: "/empty",
      PATH: "/usr/bin:/bin",
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_ALLOW_PROTOCOL: "",
      GIT_TERMINAL_PROMPT: "0",
    });
    expect(Object.keys(env)).not.toContain("USER");
    for (const setting of [
      "core.hooksPath=/dev/null",
      "core.fsmonitor=false",
      "credential.helper=",
      "http.followRedirects=false",
      "transfer.fsckObjects=true",
      "gc.auto=0",
    ]) {
      expect(args).toContain(setting);
    }
  });

  it("opens exactly the protocol of the remote it is given", () => {
    const remote = { url: "/r.git", protocol: "file" as const, config: [], env: {} };
    const { env } = commandLine(settings, { command: "fetch", values: [remote.url], remote });
    expect(env.GIT_ALLOW_PROTOCOL).toBe("file");
  });
});
