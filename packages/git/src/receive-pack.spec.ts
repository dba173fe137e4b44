import { createGitFixture, type GitFixture, writeFixtureFiles } from "@mosaic/testing";
import { parseRepository, type Repository } from "@mosaic/domain";
import { existsSync } from "node:fs";
import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRemotes } from "./remotes.ts";
import { createGit } from "./run.ts";

let fixture: GitFixture;
let source: string;
beforeEach(async () => {
  fixture = await createGitFixture();
  source = await fixture.remote({ "a.txt": "a\n" });
  await fixture.commit(source, "work", { "a.txt": "b\n" });
});
afterEach(() => fixture.dispose());

const marker = (): string => join(fixture.folder, "executed");

async function push(path: string): Promise<void> {
  const remote = await createRemotes({ allowPrivate: false }).open(parseRepository(path) as Repository);
  await mkdir(join(fixture.folder, "home"), { recursive: true });
  const git = createGit({ home: join(fixture.folder, "home") });
  await git.run({ command: "push", gitDir: source, values: [remote.url, "work:refs/heads/new"], remote });
}

async function hook(gitDir: string, name: string): Promise<void> {
  await writeFixtureFiles(gitDir, { [`hooks/${name}`]: `#!/bin/sh\ntouch ${marker()}\n` });
  await chmod(join(gitDir, "hooks", name), 0o755);
}

describe("a push to a repository on this machine", () => {
  it.each(["", ".git"])(
    "runs no program of a working copy, of its hooks or its configuration (%s)",
    async (end) => {
      const copy = join(fixture.folder, "copy");
      await fixture.git(fixture.folder, "clone", "-q", source, copy);
      const spare = await fixture.remote({ "x.txt": "x\n" });
      const gitDir = join(copy, ".git");
      await writeFixtureFiles(gitDir, { "objects/info/alternates": `${spare}/objects\n` });
      await fixture.git(copy, "config", "core.alternateRefsCommand", `touch ${marker()}; :`);
      await fixture.git(copy, "config", "core.fsmonitor", `touch ${marker()}; :`);
      for (const name of ["pre-receive", "update", "post-receive", "post-update", "reference-transaction"]) {
        await hook(gitDir, name);
      }
      await push(join(copy, end));
      expect(await fixture.git(copy, "rev-parse", "new")).toBe(
        await fixture.git(source, "rev-parse", "work"),
      );
      expect(existsSync(marker())).toBe(false);
    },
  );

  it("obeys the hooks of a bare repository, as a server's", async () => {
    const bare = await fixture.remote({ "a.txt": "a\n" });
    await hook(bare, "post-receive");
    await push(bare);
    expect(existsSync(marker())).toBe(true);
  });
});
