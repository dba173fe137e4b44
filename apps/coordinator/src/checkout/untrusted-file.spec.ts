import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readUntrusted, removeUntrusted } from "./untrusted-file.ts";

let folder: string;
let tree: string;
let secret: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "mosaic-untrusted-"));
  tree = join(folder, "tree");
  secret = join(folder, "outside", "secret");
  await mkdir(join(folder, "outside"));
  await mkdir(join(tree, "sub"), { recursive: true });
  await writeFile(secret, "secret");
  await writeFile(join(tree, "sub", "file"), "content");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("readUntrusted", () => {
  it("reads a regular file", async () => {
    expect(await readUntrusted(tree, "sub/file", 100)).toEqual({ kind: "text", text: "content" });
  });

  it("follows no link, neither the file itself nor a folder on the way", async () => {
    await symlink(secret, join(tree, "link"));
    await symlink(join(folder, "outside"), join(tree, "folder"));
    expect(await readUntrusted(tree, "link", 100)).toMatchObject({ kind: "refused" });
    expect(await readUntrusted(tree, "folder/secret", 100)).toMatchObject({ kind: "refused" });
  });

  it("reads from no device or socket", async () => {
    await symlink("/dev/zero", join(tree, "device"));
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(tree, "socket"), resolve));
    expect(await readUntrusted(tree, "socket", 100)).toMatchObject({ kind: "refused" });
    expect(await readUntrusted(tree, "device", 100)).toMatchObject({ kind: "refused" });
    await new Promise((resolve) => server.close(resolve));
  });

  it.each(["../outside/secret", "/etc/passwd", "sub/../../outside/secret", "", "a//b"])(
    "does not leave the tree by '%s'",
    async (path) => {
      expect(await readUntrusted(tree, path, 100)).toMatchObject({ kind: "refused" });
    },
  );

  it("refuses a folder and a file that is too large", async () => {
    expect(await readUntrusted(tree, "sub", 100)).toMatchObject({ kind: "refused" });
    expect(await readUntrusted(tree, "sub/file", 3)).toMatchObject({ kind: "refused" });
  });

  it("says when there is nothing", async () => {
    expect(await readUntrusted(tree, "sub/none", 100)).toEqual({ kind: "absent" });
    expect(await readUntrusted(tree, "sub/file/below", 100)).toEqual({ kind: "absent" });
  });
});

describe("removeUntrusted", () => {
  it("removes a file, and a link without its target", async () => {
    await symlink(secret, join(tree, "link"));
    await removeUntrusted(tree, "link");
    await removeUntrusted(tree, "sub/file");
    expect(await readUntrusted(tree, "link", 100)).toEqual({ kind: "absent" });
    expect(await readUntrusted(tree, "sub/file", 100)).toEqual({ kind: "absent" });
    expect(await readFile(secret, "utf8")).toBe("secret");
  });

  it("does not remove through a link, or outside of the tree", async () => {
    await symlink(join(folder, "outside"), join(tree, "folder"));
    await removeUntrusted(tree, "folder/secret");
    await removeUntrusted(tree, "../outside/secret");
    expect(await readFile(secret, "utf8")).toBe("secret");
  });
});
