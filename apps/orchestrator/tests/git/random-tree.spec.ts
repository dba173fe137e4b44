import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { seededRandom, temporaryFolder } from "@mosaic/testing";
import { expect, it } from "vitest";
import { contentsOf, scribble } from "./random-tree.ts";

it("writes nothing outside of the tree, though its links lead there", async () => {
  const folder = temporaryFolder();
  const tree = join(folder.path, "a/b/tree");
  await mkdir(tree, { recursive: true });
  await writeFile(join(folder.path, "README.md"), "not the tree's");
  for (let seed = 1; seed <= 60; seed += 1) await scribble(tree, seededRandom(seed));
  const outside = [...(await contentsOf(folder.path))].filter(([path]) => !path.startsWith("a/b/tree/"));
  expect(outside).toEqual([["README.md", `file ${Buffer.from("not the tree's").toString("base64")}`]]);
  folder.remove();
});
