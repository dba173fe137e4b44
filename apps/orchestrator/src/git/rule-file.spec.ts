import type { FixtureFiles } from "@mosaic/testing";
import { afterEach, expect, it } from "vitest";
import { createBench, type Bench } from "../../tests/git/bench.ts";
import type { RuleFile } from "./port.ts";

let bench: Bench | null = null;
afterEach(() => bench?.dispose());

async function read(files: FixtureFiles): Promise<RuleFile> {
  bench = await createBench({ files });
  const { mirror, baseCommit } = await bench.open();
  return await bench.workspaces.reading(mirror, (reader) =>
    reader.readRules(baseCommit, ".rules/one.json", 100),
  );
}

it("is what it says, and nothing where there is none", async () => {
  expect(await read({ "a.txt": "a", ".rules/one.json": "{}" })).toEqual({ kind: "text", text: "{}" });
  await bench?.dispose();
  expect(await read({ "a.txt": "a" })).toEqual({ kind: "absent" });
  await bench?.dispose();
  expect(await read({ ".rules/other.json": "{}" })).toEqual({ kind: "absent" });
});

it.each([
  ["a link", { ".rules/one.json": { link: "../a.txt" }, "a.txt": "{}" }, "is not a regular file"],
  ["a folder", { ".rules/one.json/a": "{}" }, "is not a regular file"],
  ["behind a link", { ".rules": { link: "real" }, "real/one.json": "{}" }, "no folder"],
  ["too large", { ".rules/one.json": "x".repeat(101) }, "larger than 100 bytes"],
] satisfies [string, FixtureFiles, string][])(
  "is not taken for absent when it is %s",
  async (_what, files, why) => {
    expect(await read(files)).toEqual({ kind: "refused", why: expect.stringContaining(why) });
  },
);
