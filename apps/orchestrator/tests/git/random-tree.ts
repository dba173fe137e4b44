import { constants } from "node:fs";
import type { Random } from "@mosaic/testing";
import { lstat, mkdir, open, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";

/** Names people, tools and attackers give: spaces, options, line ends, controls, globs, escapes, no UTF-8, long ones. */
const NAMES: readonly Buffer[] = [
  ...'a|b c|-d|--force|é|日本|x\ny|t\tab|\u0001\u001b[31m|*?[]|back\\slash|"quoted"|%41|README.md|src|Makefile|.hidden|CON|a:b'.split(
    "|",
  ),
  "long-".repeat(40),
  "\u0065\u0301",
].map((name) => Buffer.from(name));
const NO_UTF8 = Buffer.from([0x66, 0xff, 0xfe, 0x6f]);

const ATTRIBUTES = [
  "* text eol=crlf\n",
  "* text eol=lf working-tree-encoding=UTF-16\n",
  "* ident export-subst\n*.md export-ignore\n",
  "* filter=lfs diff=lfs merge=lfs -text\n",
  "[attr]binary -diff\n* text=auto\n",
];

const pick = <T>(next: Random, from: readonly T[]): T => {
  const chosen = from[next(from.length)];
  if (chosen === undefined) throw new Error("there is nothing to choose from");
  return chosen;
};

function content(next: Random): Buffer {
  const kinds = [
    () => Buffer.alloc(0),
    () => Buffer.from("line one\r\nline two\r\n"),
    () => Buffer.from("$Id$ $Format:%H$\nmixed\r\nends\n"),
    () => Buffer.from(Array.from({ length: next(400) }, () => next(256))),
    () => Buffer.alloc(70_000 + next(70_000), next(256)),
    () => Buffer.from("\ufeffbyte order mark\n"),
  ];
  return pick(next, kinds)();
}

/** Changes a tree at random: files of all kinds are written, made executable, replaced by others, removed. */
export async function scribble(tree: string, next: Random, changes = 14): Promise<void> {
  for (let count = 0; count < changes; count += 1) {
    const parts = Array.from({ length: 1 + next(3) }, () => (next(12) === 0 ? NO_UTF8 : pick(next, NAMES)));
    const path = placeOf(tree, Buffer.concat(parts.flatMap((part) => [Buffer.from("/"), part])).subarray(1));
    // A file where a folder is wanted, or the other way round, is skipped: not every scribble fits.
    await change(tree, path, next).catch(() => undefined);
  }
  const fixed = [
    [".gitattributes", pick(next, ATTRIBUTES)],
    ["-rf", ""],
  ] as const;
  for (const [name, text] of fixed)
    if (next(3) === 0)
      await write(placeOf(tree, Buffer.from(name)), Buffer.from(text), 0o644).catch(() => undefined);
}

async function change(tree: string, path: Buffer, next: Random): Promise<void> {
  const kind = next(8);
  await refuseLinkedFolders(tree, path);
  if (kind === 0) return await rm(path, { recursive: true });
  await mkdir(path.subarray(0, path.lastIndexOf("/")), { recursive: true });
  if (kind === 1) {
    const targets = ["../..", "/nonexistent/passwd", "README.md", "no/such\nfile", `${tree}/src`, ".", "é"];
    return await symlink(next(6) === 0 ? NO_UTF8 : pick(next, targets), path);
  }
  await write(path, content(next), kind === 2 ? 0o755 : 0o644);
}

/** Never through a link that an earlier change made: it may lead to a file of the machine this runs on. */
async function write(path: Buffer, bytes: Buffer, mode: number): Promise<void> {
  const file = await open(
    path,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
  );
  try {
    await file.writeFile(bytes);
    await file.chmod(mode);
  } finally {
    await file.close();
  }
}

/** @throws when a folder on the way is a link: what is behind it is not the tree's */
async function refuseLinkedFolders(tree: string, path: Buffer): Promise<void> {
  for (let end = path.indexOf("/", tree.length + 1); end !== -1; end = path.indexOf("/", end + 1)) {
    const folder = await lstat(path.subarray(0, end)).catch(() => null);
    if (folder?.isSymbolicLink() === true) throw new Error("a link is on the way");
  }
}

const placeOf = (folder: string, path: Buffer): Buffer => Buffer.concat([Buffer.from(`${folder}/`), path]);

/**
 * Every file and link below a folder: by path (latin1 of its bytes) what it is and holds. Folders count by what is in
 * them, and the tree's own `.git` is left out, as git does.
 */
export async function contentsOf(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const left: Buffer[] = [Buffer.alloc(0)];
  for (let inside = left.pop(); inside !== undefined; inside = left.pop()) {
    for (const name of await readdir(placeOf(folder, inside), { encoding: "buffer" })) {
      const path = inside.length === 0 ? name : Buffer.concat([inside, Buffer.from("/"), name]);
      const place = placeOf(folder, path);
      if (path.toString("latin1") === ".git") continue;
      const facts = await lstat(place);
      if (facts.isDirectory()) left.push(path);
      else if (facts.isSymbolicLink())
        found.set(
          path.toString("latin1"),
          `link ${(await readlink(place, { encoding: "buffer" })).toString("hex")}`,
        );
      else {
        const mode = (facts.mode & 0o100) === 0 ? "file" : "program";
        found.set(path.toString("latin1"), `${mode} ${(await readFile(place)).toString("base64")}`);
      }
    }
  }
  return found;
}

/** Paths that differ between two trees, as people can read them. */
export function differences(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was === is) return [];
    return [
      `${JSON.stringify(path)} was ${was?.slice(0, 40) ?? "not there"}, is ${is?.slice(0, 40) ?? "not there"}`,
    ];
  });
}
