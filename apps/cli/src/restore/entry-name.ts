/** What some file system or other takes for `.git`: with it, git would run programs of whoever wrote it. */
const DOT_GIT = /^(?:\.git|git~1)[ .]*$/i;

/**
 * The parts of a path of an archive, as bytes.
 * @throws Error for one that could leave the folder, or put a git repository into it
 */
export function partsOf(path: Buffer): readonly Buffer[] {
  const parts = split(path);
  for (const part of parts) {
    const text = part.toString("latin1");
    const why =
      text === "" || text === "." || text === ".."
        ? "it could lead out of the folder"
        : text.includes("\0")
          ? "it contains a NUL"
          : DOT_GIT.test(text)
            ? "it is a git repository's own folder"
            : null;
    if (why !== null) throw new Error(`the archive names ${JSON.stringify(path.toString())}: ${why}`);
  }
  return parts;
}

function split(path: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let at = path.indexOf(0x2f); at !== -1; at = path.indexOf(0x2f, start)) {
    parts.push(path.subarray(start, at));
    start = at + 1;
  }
  return [...parts, path.subarray(start)];
}
