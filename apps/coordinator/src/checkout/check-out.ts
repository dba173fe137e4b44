import { mkdir, rm } from "node:fs/promises";
import type { Mirror } from "./mirror.ts";

export interface CheckOutRequest {
  readonly commit: string;
  /** The commit's tree. */
  readonly tree: string;
  /** A folder that does not exist yet. */
  readonly into: string;
  readonly signal?: AbortSignal;
}

/** Large repositories on slow disks take minutes. */
const TIMEOUT_MS = 600_000;

/** What was checked out is not what the commit holds. */
export class CheckoutError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CheckoutError";
  }
}

/**
 * Writes exactly the commit's files into a new folder: with a private index, so that the mirror is not touched, without
 * hooks or filters (the mirror has none configured, and the runner switches off every other source), and compares the
 * result with the commit afterwards.
 * @throws CheckoutError when a file is missing, different or too many
 */
export async function checkOut(mirror: Mirror, request: CheckOutRequest): Promise<void> {
  await mkdir(request.into);
  const index = `${request.into}.index`;
  const fresh = `${request.into}.fresh-index`;
  try {
    await readTree(mirror, request, { index, update: true });
    // An index of the tree without file times: git has to compare contents.
    await readTree(mirror, request, { index: fresh, update: false });
    const different = await git(mirror, request, {
      command: "ls-files",
      workTree: request.into,
      options: ["--modified", "--deleted", "--others", "-z"],
      env: { GIT_INDEX_FILE: fresh },
    });
    if (different !== "") {
      const paths = different.split("\0").slice(0, 10).join(", ");
      throw new CheckoutError(`the checkout of ${request.commit} differs from the commit in: ${paths}`);
    }
  } finally {
    await Promise.all([rm(index, { force: true }), rm(fresh, { force: true })]);
  }
}

async function readTree(
  mirror: Mirror,
  request: CheckOutRequest,
  { index, update }: { index: string; update: boolean },
): Promise<void> {
  await git(mirror, request, {
    command: "read-tree",
    ...(update ? { workTree: request.into, options: ["--reset", "-u"] } : {}),
    values: [request.tree],
    env: { GIT_INDEX_FILE: index },
  });
}

type Call = Parameters<Mirror["git"]["run"]>[0];

async function git(mirror: Mirror, request: CheckOutRequest, call: Call): Promise<string> {
  const { stdout } = await mirror.git.run({
    gitDir: mirror.path,
    timeoutMs: TIMEOUT_MS,
    ...(request.signal ? { signal: request.signal } : {}),
    ...call,
  });
  return stdout.toString("utf8").trimEnd();
}
