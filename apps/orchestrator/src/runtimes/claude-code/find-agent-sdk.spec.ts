import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findAgentSdk } from "./find-agent-sdk.ts";

const PLATFORM = "linux-x64";
let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "find-"));
});
afterEach(async () => rm(folder, { recursive: true }));

async function put(path: string, text: string): Promise<void> {
  const file = join(folder, "node_modules/@anthropic-ai", path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
const putSdk = (manifest: string): Promise<void> => put("claude-agent-sdk/package.json", manifest);
const find = (...folders: string[]): Promise<unknown> => findAgentSdk({ folders, platform: PLATFORM });

describe("the SDK", () => {
  test("is found with its program, in the first folder that has it", async () => {
    await putSdk('{"version":"0.3.328"}');
    await put(`claude-agent-sdk-${PLATFORM}/claude`, "");
    expect(await find(join(folder, "empty"), folder)).toEqual({
      found: true,
      sdk: {
        version: "0.3.328",
        module: join(folder, "node_modules/@anthropic-ai/claude-agent-sdk/sdk.mjs"),
        binary: join(folder, `node_modules/@anthropic-ai/claude-agent-sdk-${PLATFORM}/claude`),
      },
    });
  });

  test("is found with the program for machines without glibc", async () => {
    await putSdk('{"version":"0.3.328"}');
    await put(`claude-agent-sdk-${PLATFORM}-musl/claude`, "");
    expect(await find(folder)).toMatchObject({ found: true });
  });

  test.each([
    ["when there is none", null, "@anthropic-ai/claude-agent-sdk is not installed"],
    ["without its program", '{"version":"0.3.328"}', "came without its program for linux-x64"],
    ["of another series", '{"version":"0.4.0"}', "0.4.0 in .* is not of the series 0.3"],
    ["that does not say what it is", "{}", "of unknown version"],
    ["whose manifest is cut off", '{"version', "cannot be read"],
  ])("is not found %s", async (_, manifest, problem) => {
    if (manifest !== null) await putSdk(manifest);
    expect(await find(folder)).toEqual({ found: false, problem: expect.stringMatching(problem) });
  });
});
