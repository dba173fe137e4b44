import { mkdtemp, rm, writeFile, chmod } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createGit } from "./run.ts";
import { gitVersion } from "./version.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "mosaic-git-version-"));
});
afterEach(() => rm(home, { recursive: true }));

async function versionOf(text: string) {
  const binary = join(home, "git");
  await writeFile(binary, `#!/bin/sh\necho '${text}'\n`);
  await chmod(binary, 0o755);
  return await gitVersion(createGit({ home, binary }));
}

describe("the version of git", () => {
  it("is good enough here", async () => {
    expect(await gitVersion(createGit({ home }))).toMatchObject({ ok: true });
  });

  it.each([
    ["git version 2.38.0", true],
    ["git version 2.37.9", false],
    ["git version 3.0.1.windows.1", true],
    ["git version 2.39.5 (Apple Git-154)", true],
    ["something else", false],
  ])("%s is accepted: %s", async (text, ok) => {
    expect((await versionOf(text)).ok).toBe(ok);
  });
});
