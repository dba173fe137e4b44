import { Readable } from "node:stream";
import { fakeSecret } from "@mosaic/replay";
import { pack, type Pack } from "tar-stream";
import { expect, it } from "vitest";
import { inspectFiles } from "./inspect-files.ts";

function archive(
  entries: readonly (Parameters<Pack["entry"]>[0] & { readonly content?: string })[],
): Readable {
  const tar = pack();
  for (const { content = "", ...header } of entries) tar.entry(header, content);
  tar.finalize();
  return Readable.from(tar, { objectMode: false });
}

it("finds nothing wrong with ordinary files, and with folders for everybody's temporary files", async () => {
  const looked = await inspectFiles(
    archive([
      { name: "tmp/", type: "directory", mode: 0o1777 },
      { name: "usr/bin/node", mode: 0o755, content: "\0ELF" },
      { name: "etc/passwd", mode: 0o644, content: "root:x:0:0::/root:/bin/sh\n" },
      { name: "bin", type: "symlink", linkname: "usr/bin", mode: 0o777 },
      { name: "dev/null", mode: 0o666 },
    ]),
  );
  expect(looked).toEqual({ files: 2, scanned: 1, problems: [] });
});

it("finds programs that make a user another one, what everybody may write, and secrets", async () => {
  const key = fakeSecret("anthropic-key");
  const { problems } = await inspectFiles(
    archive([
      { name: "usr/bin/su", mode: 0o4755, content: "x" },
      { name: "usr/bin/wall", mode: 0o2755, content: "x" },
      { name: "opt/open/", type: "directory", mode: 0o777 },
      { name: "opt/file", mode: 0o666, content: "x" },
      { name: "opt/app/.env", mode: 0o644, content: `KEY=${key}\n` },
    ]),
  );
  expect(problems.map(({ kind, where }) => [kind, where.replace(/:\d+$/, "")])).toEqual(
    expect.arrayContaining([
      ["setuid", "usr/bin/su"],
      ["setuid", "usr/bin/wall"],
      ["writable", "opt/open/"],
      ["writable", "opt/file"],
      ["secret", "opt/app/.env"],
    ]),
  );
  expect(JSON.stringify(problems)).not.toContain(key);
});
