import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Header, pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { checkTarget, restoreInto } from "./restore-into.ts";

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-restore-"));
  target = join(folder, "target");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Entry = Partial<Header> & { name: string; text?: string };

function archive(...entries: readonly Entry[]): AsyncIterable<Uint8Array> {
  const tar = pack();
  for (const { text = "", ...header } of entries) tar.entry(header, text);
  tar.finalize();
  return tar as AsyncIterable<Uint8Array>;
}

const into = (entries: AsyncIterable<Uint8Array>, tree: string | null = null) =>
  restoreInto(target, entries, { tree, suffix: "x", signal: new AbortController().signal });

describe("an archive that is not what it should be", () => {
  const link: Entry = { name: "link", type: "symlink", linkname: "/tmp" };
  const hostile: readonly (readonly [string, RegExp, ...Entry[]])[] = [
    ["leads out of the folder", /lead out/, { name: "../out", text: "x" }],
    ["leads out from further in", /lead out/, { name: "a/../../out", text: "x" }],
    ["is absolute", /lead out/, { name: "/tmp/mosaic-out", text: "x" }],
    ["is a git repository", /git repository/, { name: ".git/config", text: "x" }],
    ["is one further in, in capitals", /git repository/, { name: "sub/.GIT/hooks/x", text: "x" }],
    ["is empty in between", /lead out/, { name: "a//b", text: "x" }],
    ["goes through a link", /EEXIST/, link, { name: "link/file", text: "x" }],
    ["comes twice", /EEXIST/, { name: "a", text: "1" }, { name: "a", text: "2" }],
    ["is a device", /has a character-device/, { name: "dev", type: "character-device" }],
    ["is a hard link", /has a link/, { name: "hard", type: "link", linkname: "/etc/passwd" }],
  ];
  for (const [what, why, ...entries] of hostile) {
    it(`leaves nothing behind when an entry ${what}`, async () => {
      await expect(into(archive({ name: "good", text: "good" }, ...entries))).rejects.toThrow(why);
      expect(await readdir(folder)).toEqual([]);
    });
  }

  it("leaves nothing behind when it breaks off, or holds other bytes than were saved", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      for await (const chunk of archive({ name: "a", text: "x".repeat(5000) })) {
        yield chunk.subarray(0, 700);
        return;
      }
    }
    await expect(into(broken())).rejects.toThrow(/Unexpected end/);
    await expect(into(archive({ name: "a", text: "x" }), "0".repeat(40))).rejects.toThrow(
      /nothing was restored/,
    );
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("a target", () => {
  it("is written when it is new, deep down, or empty", async () => {
    target = join(folder, "a", "b");
    await into(archive({ name: "f", text: "1" }));
    expect(await readFile(join(target, "f"), "utf8")).toBe("1");
    target = join(folder, "empty");
    await mkdir(target);
    await into(archive({ name: "f", text: "2" }));
    expect(await readFile(join(target, "f"), "utf8")).toBe("2");
  });

  it("is refused when anything is there: a file, a link, a folder with something in it", async () => {
    await writeFile(join(folder, "file"), "");
    await mkdir(join(folder, "full"));
    await writeFile(join(folder, "full", "x"), "");
    await mkdir(join(folder, "empty"));
    await symlink(join(folder, "empty"), join(folder, "link"));
    await symlink(join(folder, "nowhere"), join(folder, "dangling"));
    for (const name of ["file", "full", "link", "dangling"]) {
      await expect(checkTarget(join(folder, name)), name).rejects.toThrow("is there already");
    }
  });

  it("gets links last, as they are, and nothing is written through them", async () => {
    const outside = join(folder, "outside");
    await mkdir(outside);
    const entries = archive({ name: "out", type: "symlink", linkname: outside }, { name: "f", text: "x" });
    expect((await into(entries)).links).toEqual(["out"]);
    expect(await readdir(outside)).toEqual([]);
  });
});
