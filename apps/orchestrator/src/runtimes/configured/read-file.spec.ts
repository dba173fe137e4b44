import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configuredStatus } from "./program.ts";
import { readRuntimesFile } from "./read-file.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runtimes-file-"));
});
afterEach(async () => rm(folder, { recursive: true }));

const findSecret = (text: string): string | null => (text.includes("sk-") ? "a key" : null);

async function read(content: unknown): Promise<unknown> {
  const file = join(folder, "runtimes.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return readRuntimesFile(file, findSecret).catch((error: unknown) => (error as Error).message);
}

describe("the file of further runtimes", () => {
  it("is read with what is not said filled in", async () => {
    const one = {
      kind: "acp",
      command: ["/opt/one/bin", "acp"],
      folders: [{ from: "/srv/one", to: "/opt/one" }],
    };
    const two = { kind: "command", command: ["two", "{{prompt}}"], prompt: "argument", memoryMb: 512 };
    expect(await read({ one, two })).toEqual([
      ["one", { ...one, env: {}, version: "not stated", startTimeoutMs: 60_000 }],
      ["two", { ...two, env: {}, folders: [], version: "not stated" }],
    ]);
  });

  it.each<[string, unknown, RegExp]>([
    ["is no JSON", "{", /MOSAIC_RUNTIMES_FILE: .*runtimes\.json cannot be used: /],
    ["is no object", [], /expected record/],
    ["has a kind nobody knows", { one: { kind: "shell", command: ["x"] } }, /kind/],
    ["has no command", { one: { kind: "acp", command: [] } }, /command/],
    ["names what nobody reads", { one: { kind: "acp", command: ["x"], network: "host" } }, /network/],
    ["has a name that is none", { "One/..": { kind: "acp", command: ["x"] } }, /One.*lower-case letters/],
    ["takes a name that is taken", { "sdk-worker": { kind: "acp", command: ["x"] } }, /comes with Mosaic/],
    [
      "mounts a relative path",
      { one: { kind: "acp", command: ["x"], folders: [{ from: "x", to: "/x" }] } },
      /absolute/,
    ],
    [
      "has a variable that is none",
      { one: { kind: "acp", command: ["x"], env: { "A B": "x" } } },
      /variable/,
    ],
    [
      "holds a secret",
      { one: { kind: "acp", command: ["x"], env: { A: "sk-123" } } },
      /one: it holds what looks like a secret \(a key\)/,
    ],
    [
      "has no place for its prompt",
      { one: { kind: "command", command: ["x"], prompt: "file" } },
      /needs \{\{prompt_file\}\}/,
    ],
  ])("that %s is refused", async (_, content, why) => {
    expect(await read(content)).toEqual(expect.stringMatching(why));
  });

  it("that is not there is refused by its name", async () => {
    const file = join(folder, "nothing.json");
    await expect(readRuntimesFile(file, findSecret)).rejects.toThrow(/nothing\.json cannot be used: ENOENT/);
  });
});

describe("whether a configured runtime is installed", () => {
  const config = (): Parameters<typeof configuredStatus>[0] => ({
    command: ["/opt/one/run", "acp"],
    folders: [{ from: join(folder, "one"), to: "/opt/one" }],
    version: "1.2",
    install: "npm install one",
  });

  it("is looked up each time, in the folders it is given", async () => {
    const missing = { installed: false, remedy: "npm install one" };
    expect(await configuredStatus(config())).toMatchObject({
      ...missing,
      problem: expect.stringMatching(/no folder/),
    });
    await mkdir(join(folder, "one"));
    expect(await configuredStatus(config())).toMatchObject({
      ...missing,
      problem: expect.stringMatching(/no program/),
    });
    await writeFile(join(folder, "one/run"), "");
    expect(await configuredStatus(config())).toMatchObject({
      ...missing,
      problem: expect.stringMatching(/no program/),
    });
    await chmod(join(folder, "one/run"), 0o755);
    expect(await configuredStatus(config())).toEqual({ installed: true, version: "1.2" });
  });
});
