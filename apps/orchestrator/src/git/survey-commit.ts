import { AttemptFailure, OBJECT_ID_PATTERN } from "@mosaic/domain";
import { Writable } from "node:stream";
import type { GitContext } from "./context.ts";
import { GITLINK } from "./changes.ts";

/** What the kernel takes. */
const LONGEST_PATH = 4096;
/** Mode, type, id and size, in front of a path. */
const PREFIX_BYTES = 128;
/** `ls-tree` is cut by the count of its entries and not of its bytes. */
const NO_BYTE_LIMIT = Number.MAX_SAFE_INTEGER;

/**
 * Adds up what a commit's tree would take on disk before a byte of it is written: a few kilobytes of objects can stand
 * for billions of files, or for files of terabytes.
 * @returns the paths that are other repositories (mode 160000)
 * @throws AttemptFailure `unsafe_tree` when there is more than a workspace may hold; the signal's reason
 */
export async function surveyCommit(
  { git, limits, facts }: Pick<GitContext, "git" | "limits" | "facts">,
  { mirror, commit }: { readonly mirror: string; readonly commit: string },
  signal?: AbortSignal,
): Promise<readonly string[]> {
  if (!OBJECT_ID_PATTERN.test(commit)) throw new Error(`'${commit}' is not a commit's id`);
  const key = `${mirror} ${commit}`;
  const known = facts.surveys.get(key);
  if (known !== undefined) return known;
  const tooMuch = new AbortController();
  const survey = createSurvey(limits, (why) =>
    tooMuch.abort(
      new AttemptFailure("unsafe_tree", `commit ${commit} of the repository cannot be checked out: ${why}`),
    ),
  );
  await git.run({
    command: "ls-tree",
    gitDir: mirror,
    // Trees are listed, too (-t): a bomb can be made of folders alone.
    options: ["-r", "-t", "-l", "-z", "--full-tree"],
    values: [commit],
    sink: survey.sink,
    maxBytes: NO_BYTE_LIMIT,
    timeoutMs: limits.localMs,
    signal: signal === undefined ? tooMuch.signal : AbortSignal.any([signal, tooMuch.signal]),
  });
  tooMuch.signal.throwIfAborted();
  facts.surveys.set(key, survey.gitlinks);
  return survey.gitlinks;
}

interface Survey {
  readonly sink: Writable;
  readonly gitlinks: readonly string[];
}

function createSurvey(limits: GitContext["limits"], refuse: (why: string) => void): Survey {
  const gitlinks: string[] = [];
  let entries = 0;
  let bytes = 0;
  let longest = 0;
  let rest: Buffer = Buffer.alloc(0);
  const take = (entry: Buffer): void => {
    const tab = entry.indexOf("\t");
    const [mode, , , size = ""] = entry.subarray(0, tab).toString("latin1").split(/ +/);
    entries += 1;
    longest = Math.max(longest, entry.length - tab - 1);
    bytes += Number.parseInt(size, 10) || 0;
    if (mode === GITLINK) gitlinks.push(entry.subarray(tab + 1).toString());
  };
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      let from = 0;
      const text = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = text.indexOf(0); end >= 0; end = text.indexOf(0, from)) {
        take(text.subarray(from, end));
        from = end + 1;
      }
      rest = text.subarray(from);
      if (Math.max(longest, rest.length - PREFIX_BYTES) > LONGEST_PATH)
        refuse(`it has a path of more than ${LONGEST_PATH} bytes`);
      if (entries > limits.treeEntries)
        refuse(`it has more than ${limits.treeEntries} files and folders (MOSAIC_TREE_MAX_ENTRIES)`);
      if (bytes > limits.treeBytes)
        refuse(`its files have more than ${limits.treeBytes} bytes (MOSAIC_TREE_MAX_BYTES)`);
      done();
    },
  });
  return { sink, gitlinks };
}
