import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findSkill } from "./find-skill.ts";

let root = "";

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "skills-"));
  await mkdir(join(root, "review", "examples"), { recursive: true });
  await writeFile(join(root, "review", "SKILL.md"), "Look twice.");
  await writeFile(join(root, "review", "examples", "one.md"), "An example.");
});

afterEach(() => rm(root, { recursive: true }));

describe("an owner's skill", () => {
  it("is its folder and the text of its SKILL.md", async () => {
    expect(await findSkill(root, "review")).toEqual({
      name: "review",
      folder: join(root, "review"),
      text: "Look twice.",
    });
  });

  it.each(["dance", "../review", "review/examples", ".", "", "rev\0iew"])(
    "is not found as %j",
    async (name) => {
      expect(await findSkill(root, name)).toBeNull();
    },
  );

  it("is not there without a folder of skills", async () => {
    expect(await findSkill(undefined, "review")).toBeNull();
  });

  it("may have links within", async () => {
    await symlink("examples/one.md", join(root, "review", "first.md"));
    expect(await findSkill(root, "review")).not.toBeNull();
  });

  it.each([
    ["a link out of it", () => symlink("/etc/passwd", join(root, "review", "examples", "passwd"))],
    ["a link to another skill's files", () => symlink(root, join(root, "review", "all"))],
    ["a link to nothing", () => symlink("/nowhere/at/all", join(root, "review", "gone"))],
    ["no SKILL.md", () => rm(join(root, "review", "SKILL.md"))],
    ["a huge SKILL.md", () => writeFile(join(root, "review", "SKILL.md"), "x".repeat(32_769))],
  ])("is refused with %s", async (_what, spoil) => {
    await spoil();
    await expect(findSkill(root, "review")).rejects.toMatchObject({ reason: "environment" });
  });

  it("is refused when it is itself a link out of the folder of skills", async () => {
    await symlink("/etc", join(root, "etc"));
    await expect(findSkill(root, "etc")).rejects.toThrow("leads out");
  });

  it("is refused with a socket in it", async () => {
    const server = createServer().listen(join(root, "review", "s"));
    await once(server, "listening");
    try {
      await expect(findSkill(root, "review")).rejects.toThrow("no file");
    } finally {
      server.close();
    }
  });
});
