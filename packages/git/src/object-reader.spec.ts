import { createGitFixture, processesMentioning, type GitFixture } from "@mosaic/testing";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openObjects, withObjects } from "./object-reader.ts";
import { createGit, type Git } from "./run.ts";

let fixture: GitFixture;
let git: Git;
let repository: string;

beforeEach(async () => {
  fixture = await createGitFixture();
  git = createGit({ home: join(fixture.folder, "home") });
  repository = await fixture.remote({ "a.txt": "a\n", empty: "", "b/c.txt": "x".repeat(300_000) });
});
afterEach(() => fixture.dispose());

const named = (expression: string) => fixture.git(repository, "rev-parse", expression);

/** Something in git's place that says what a script says. */
async function standIn(script: string): Promise<Git> {
  const binary = join(fixture.folder, "stand-in");
  await writeFile(binary, `#!/bin/sh\n${script}\n`);
  await chmod(binary, 0o755);
  return createGit({ home: join(fixture.folder, "home"), binary });
}

describe("a reader of objects", () => {
  it("answers many questions with one process, and none of it is left", async () => {
    const [commit, tree] = [await named("main"), await named("main^{tree}")];
    await withObjects(git, { gitDir: repository }, async (objects) => {
      const found = await Promise.all([
        objects.info("refs/heads/main"),
        objects.info("refs/heads/main^{tree}"),
        objects.info("refs/heads/nothing"),
        objects.info(`${commit}^{blob}`),
        objects.info("a b c"),
      ]);
      expect(found.map((one) => one?.id ?? null)).toEqual([commit, tree, null, null, null]);
      expect(found.map((one) => one?.type ?? null)).toEqual(["commit", "tree", null, null, null]);
      const [small, empty, large] = await Promise.all(
        ["a.txt", "empty", "b/c.txt"].map((path) => objects.read(`${commit}:${path}`, 300_000)),
      );
      expect(small?.content.toString()).toBe("a\n");
      expect(empty?.content.length).toBe(0);
      expect(large?.content.toString()).toBe("x".repeat(300_000));
      expect(await processesMentioning(`--git-dir=${repository}`)).toHaveLength(1);
    });
    expect(await processesMentioning(`--git-dir=${repository}`)).toEqual([]);
  });

  it("does not read what is larger than was asked for", async () => {
    await withObjects(git, { gitDir: repository }, async (objects) => {
      expect(await objects.read("main:b/c.txt", 299_999)).toBeNull();
      expect((await objects.read("main:a.txt", 2))?.bytes).toBe(2);
    });
  });

  it("sees a ref where it is now", async () => {
    await withObjects(git, { gitDir: repository }, async (objects) => {
      const before = await objects.info("refs/heads/other");
      await fixture.git(repository, "update-ref", "refs/heads/other", "main");
      await fixture.git(repository, "pack-refs", "--all");
      expect([before, (await objects.info("refs/heads/other"))?.id]).toEqual([null, await named("main")]);
    });
  });

  it("has no process while nobody asks, and another one for who asks again", async () => {
    const started = join(fixture.folder, "started");
    const counting = await standIn(`echo once >> ${started}\nexec git "$@"`);
    await withObjects(counting, { gitDir: repository, idleMs: 0 }, async (objects) => {
      await objects.info("main");
      await vi.waitFor(async () => expect(await processesMentioning(`--git-dir=${repository}`)).toEqual([]));
      expect((await objects.info("main"))?.type).toBe("commit");
    });
    expect(await readFile(started, "utf8")).toBe("once\nonce\n");
  });

  it("starts nothing before the first question", async () => {
    await withObjects(
      await standIn(`touch ${fixture.folder}/started`),
      { gitDir: repository },
      async () => 0,
    );
    expect(existsSync(join(fixture.folder, "started"))).toBe(false);
  });

  it("refuses a name that would be two questions", async () => {
    const objects = openObjects(git, { gitDir: repository });
    await expect(objects.info("main\ncontents main")).rejects.toThrow(/control character/);
    await objects.close();
  });

  it("fails every question when it is aborted, and its process is gone", async () => {
    const stubborn = await standIn(`trap '' TERM\nMARK=${repository} sleep 1000 &\nwait`);
    const abort = new AbortController();
    const objects = openObjects(stubborn, { gitDir: repository, signal: abort.signal });
    const asked = Promise.allSettled([objects.info("main"), objects.info("main")]);
    abort.abort(new Error("killed"));
    expect((await asked).map((one) => (one.status === "rejected" ? String(one.reason) : ""))).toEqual([
      "Error: killed",
      "Error: killed",
    ]);
    await expect(objects.info("main")).rejects.toThrow("killed");
    await objects.close();
    expect(await processesMentioning(repository)).toEqual([]);
  });

  it("fails when git does not answer in time, and when it is killed from outside", async () => {
    const silent = openObjects(await standIn("exec sleep 1000"), { gitDir: repository, timeoutMs: 50 });
    await expect(silent.info("main")).rejects.toMatchObject({ kind: "timeout" });
    await silent.close();
    const suicide = openObjects(await standIn("kill -9 $$"), { gitDir: repository });
    await expect(suicide.info("main")).rejects.toMatchObject({ kind: "failed", code: null });
    await suicide.close();
  });

  it.each(["0".repeat(40), "$id commit 12 more", "nothing missing", "", "main missing\\nmain missing"])(
    "takes nothing for an answer that is none, or that was not asked for: '%s'",
    async (said) => {
      const text = said.replace("$id", await named("main"));
      const other = await standIn(`read -r _; printf '${text}\\n'; exec sleep 1000`);
      await withObjects(other, { gitDir: repository }, async (objects) => {
        // Both at once: the second answer of the last one would be taken for the second question's.
        const asked = await Promise.allSettled([objects.info("main"), objects.info("other")]);
        expect(asked.at(-1)?.status).toBe("rejected");
        await expect(objects.info("main")).rejects.toThrow(/git answers|git says/);
      });
    },
  );

  it("fails for an object that is damaged, and for what is no repository", async () => {
    const blob = await named("main:a.txt");
    const file = join(repository, "objects", blob.slice(0, 2), blob.slice(2));
    await chmod(file, 0o644);
    await writeFile(file, "garbage");
    const damaged = openObjects(git, { gitDir: repository });
    const found = await damaged.read(blob, 100).catch(() => null);
    expect(found).toBeNull();
    await damaged.close();
    const empty = join(fixture.folder, "empty");
    await mkdir(empty);
    const objects = openObjects(git, { gitDir: empty });
    await expect(objects.info("main")).rejects.toThrow(/not a git repository/);
    await objects.close();
  });
});
