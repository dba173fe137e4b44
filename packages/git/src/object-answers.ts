/** An object as git names it. */
export interface ObjectInfo {
  readonly id: string;
  readonly type: "blob" | "commit" | "tag" | "tree";
  /** Of its content. */
  readonly bytes: number;
}

export interface FoundObject extends ObjectInfo {
  readonly content: Buffer;
}

/** The questions a batch of git was asked, in their order, and what it writes. */
export interface ObjectAnswers {
  /** Takes a place in the line for the answer to `info <name>`. */
  info(name: string): Promise<ObjectInfo | null>;
  /** Takes a place in the line for the answer to `contents <id>`, of an object that is known to be there. */
  content(expected: ObjectInfo): Promise<FoundObject>;
  /** Takes what git wrote next; gives an error when it is no answer to what was asked. */
  take(chunk: Buffer): Error | null;
  /** Every open question, and every later one, fails with this. Only the first counts. */
  fail(error: unknown): void;
  broken(): boolean;
  /** Questions that wait. */
  open(): number;
}

interface Question {
  /** Takes its answer from the front of what there is: how many bytes it has, or null when it is not whole yet. */
  readonly answered: (bytes: Buffer) => number | null;
  readonly fail: (error: unknown) => void;
}

const FOUND = /^([0-9a-f]{40}|[0-9a-f]{64}) (blob|commit|tag|tree) (\d+)$/;
/** Longer than any name we ask for, with its answer. */
const LONGEST_LINE = 64 * 1024;

export function createObjectAnswers(): ObjectAnswers {
  const open: Question[] = [];
  let chunks: Buffer[] = [];
  let size = 0;
  /** So many bytes are needed before a look makes sense: a large object comes in thousands of pieces. */
  let needed = 1;
  let broken: { readonly by: unknown } | null = null;

  const fail = (error: unknown): void => {
    broken ??= { by: error };
    for (const question of open.splice(0)) question.fail(broken.by);
  };
  const answer = <T>(parse: (bytes: Buffer) => { readonly value: T; readonly length: number } | null) => {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (broken === null)
      open.push({
        answered(bytes) {
          const found = parse(bytes);
          if (found !== null) resolve(found.value);
          return found?.length ?? null;
        },
        fail: reject,
      });
    else reject(broken.by);
    return promise;
  };

  return {
    fail,
    broken: () => broken !== null,
    open: () => open.length,
    info: (name) =>
      answer((bytes) => {
        const line = lineOf(bytes);
        return line === null ? null : { value: infoIn(line, name), length: line.length + 1 };
      }),
    content: (expected) =>
      answer((bytes) => {
        const line = lineOf(bytes);
        if (line === null) return null;
        if (line !== `${expected.id} ${expected.type} ${expected.bytes}`)
          throw new Error(`git answers '${line}' for ${expected.id}`);
        const start = line.length + 1;
        const end = start + expected.bytes;
        needed = end + 1;
        if (bytes.length < needed) return null;
        if (bytes[end] !== 0x0a) throw new Error(`${expected.id} is longer than git said`);
        // A copy: a small object must not hold a large piece of memory.
        return { value: { ...expected, content: Buffer.from(bytes.subarray(start, end)) }, length: end + 1 };
      }),
    take(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size < needed) return null;
      try {
        let rest = Buffer.concat(chunks);
        for (;;) {
          needed = 1;
          const length = rest.length === 0 ? null : (open[0]?.answered(rest) ?? unasked(open, rest));
          if (length === null) break;
          open.shift();
          rest = rest.subarray(length);
        }
        [chunks, size] = [[rest], rest.length];
        return null;
      } catch (error) {
        fail(error);
        return error instanceof Error ? error : new Error(String(error));
      }
    },
  };
}

function unasked(open: readonly Question[], bytes: Buffer): null {
  if (open.length === 0)
    throw new Error(`git says '${bytes.toString("latin1", 0, 100)}' without being asked`);
  return null;
}

/** The first line, as bytes that stand for themselves; null when it is not whole. */
function lineOf(bytes: Buffer): string | null {
  const end = bytes.indexOf(0x0a);
  if (end > LONGEST_LINE || (end === -1 && bytes.length > LONGEST_LINE))
    throw new Error("git's answer has a line without an end");
  return end === -1 ? null : bytes.toString("latin1", 0, end);
}

function infoIn(line: string, name: string): ObjectInfo | null {
  const [, id, type, bytes] = FOUND.exec(line) ?? [];
  if (id !== undefined) return { id, type: type as ObjectInfo["type"], bytes: Number(bytes) };
  const asked = Buffer.from(name).toString("latin1");
  if (line === `${asked} missing`) return null;
  throw new Error(`git answers '${line}' for '${name}'`);
}
