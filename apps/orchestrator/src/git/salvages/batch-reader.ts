import { PassThrough } from "node:stream";
import type { GitContext } from "../context.ts";

/** Reads objects one after the other, in the order they were asked for, without holding one in memory. */
export interface BatchReader {
  /** Content of the next object. It has to be read to its end before the next is asked for. */
  next(expected: { readonly objectId: string; readonly bytes: number }): AsyncGenerator<Buffer, void, void>;
  /** Waits for git's end. @throws GitError */
  ended: Promise<unknown>;
}

/** Starts one `git cat-file --batch` over these objects. */
export function readObjects(
  { git }: Pick<GitContext, "git">,
  mirror: string,
  { objectIds, signal }: { readonly objectIds: readonly string[]; readonly signal: AbortSignal },
): BatchReader {
  const output = new PassThrough();
  const ended = git
    .run({
      command: "cat-file",
      gitDir: mirror,
      options: ["--batch", "--buffer"],
      stdin: objectIds.map((id) => `${id}\n`).join(""),
      sink: output,
      maxBytes: Number.MAX_SAFE_INTEGER,
      timeoutMs: SLOWEST_READER_MS,
      signal,
    })
    .catch((error: unknown) => {
      output.destroy(error instanceof Error ? error : new Error(String(error)));
      throw error;
    });
  ended.catch(() => undefined);
  const chunks = output[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let rest: Buffer = Buffer.alloc(0);
  const more = async (): Promise<Buffer> => {
    const { value, done } = await chunks.next();
    if (done === true) throw new Error("git ended in the middle of an object");
    return value;
  };
  const line = async (): Promise<string> => {
    while (!rest.includes(0x0a)) rest = Buffer.concat([rest, await more()]);
    const end = rest.indexOf(0x0a);
    const text = rest.toString("latin1", 0, end);
    rest = rest.subarray(end + 1);
    return text;
  };
  return {
    ended,
    async *next({ objectId, bytes }) {
      const header = await line();
      if (header !== `${objectId} blob ${bytes}`) throw new Error(`git answers '${header}' for ${objectId}`);
      let left = bytes;
      while (left > 0) {
        if (rest.length === 0) rest = await more();
        const part = rest.subarray(0, left);
        rest = rest.subarray(part.length);
        left -= part.length;
        yield part;
      }
      if ((await line()) !== "") throw new Error(`${objectId} is longer than git said`);
    },
  };
}

/** A download over a slow line; who goes away aborts it at once. */
const SLOWEST_READER_MS = 24 * 3_600_000;
