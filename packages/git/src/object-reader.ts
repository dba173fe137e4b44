import { PassThrough, Writable } from "node:stream";
import { GitError } from "./errors.ts";
import {
  createObjectAnswers,
  type FoundObject,
  type ObjectAnswers,
  type ObjectInfo,
} from "./object-answers.ts";
import type { Git } from "./run.ts";

/**
 * Answers questions about a repository's objects, one after the other, with one process for all of them: many times
 * cheaper than a process each. It is started with a question, ends when nobody asks for a while, and is gone when `close`
 * settles.
 */
export interface ObjectReader {
  /**
   * What an id, a ref or an expression (`<id>^{tree}`) names now, or null when that is nothing.
   * @throws GitError; the signal's reason
   */
  info(name: string): Promise<ObjectInfo | null>;
  /** With its content; null when it is nothing or has more than `maxBytes`. @throws GitError; the signal's reason */
  read(name: string, maxBytes: number): Promise<FoundObject | null>;
  /** Ends the process. Questions that are open fail. Never throws. */
  close(): Promise<void>;
}

export interface ObjectReaderOptions {
  readonly gitDir: string;
  /** Longest time for one answer, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
  /** Ends a process that nobody asks, in milliseconds. Default 2,000. */
  readonly idleMs?: number;
  /** Ends the process as soon as it fires. */
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_TIMEOUT_MS = 60_000;
/** A process that nobody has asked for so long is ended; the next question starts another. */
const IDLE_MS = 2000;
/** It lives as long as it is asked; each answer has a limit of its own. What a timer can hold. */
const NO_TIMEOUT = 2 ** 31 - 1;

/** Runs something with a reader that is gone when it ends, however it ends. */
export async function withObjects<T>(
  git: Pick<Git, "run">,
  options: ObjectReaderOptions,
  action: (objects: ObjectReader) => Promise<T>,
): Promise<T> {
  const objects = openObjects(git, options);
  try {
    return await action(objects);
  } finally {
    await objects.close();
  }
}

export function openObjects(git: Pick<Git, "run">, options: ObjectReaderOptions): ObjectReader {
  const { signal, idleMs = IDLE_MS, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  let session: Session | null = null;
  let ending = Promise.resolve();
  let closed = false;
  let idle: NodeJS.Timeout | undefined;

  const ask = async <T>(line: string, question: (answers: ObjectAnswers) => Promise<T>): Promise<T> => {
    if (/\p{Cc}/u.test(line)) throw failed("was not asked: a name contains a control character", "refused");
    signal?.throwIfAborted();
    if (closed) throw failed("was closed before it was asked", "refused");
    clearTimeout(idle);
    const asked = (session ??= startSession(git, options));
    // First the place in the line, then the question: they are answered in this order.
    const answer = question(asked.answers);
    asked.say(line);
    const slow = setTimeout(
      () => asked.kill(failed(`did not answer within ${timeoutMs} ms`, "timeout")),
      timeoutMs,
    );
    try {
      return await answer;
    } finally {
      clearTimeout(slow);
      if (asked === session && asked.answers.open() === 0 && !asked.answers.broken()) {
        clearTimeout(idle);
        idle = setTimeout(() => {
          session = null;
          ending = asked.end(timeoutMs);
        }, idleMs);
      }
    }
  };

  const reader: ObjectReader = {
    info: (name) => ask(`info ${name}`, (answers) => answers.info(name)),
    async read(name, maxBytes) {
      const found = await reader.info(name);
      if (found === null || found.bytes > maxBytes) return null;
      // By its id: a ref may have moved since.
      return await ask(`contents ${found.id}`, (answers) => answers.content(found));
    },
    async close() {
      closed = true;
      clearTimeout(idle);
      await Promise.all([ending, session?.end(timeoutMs)]);
    },
  };
  return reader;
}

/** One process. What breaks it stays: whoever asks afterwards hears of that, too. */
interface Session {
  readonly answers: ObjectAnswers;
  say(line: string): void;
  kill(why: Error): void;
  /** Lets it end by itself, for at most so long. */
  end(timeoutMs: number): Promise<void>;
}

function startSession(git: Pick<Git, "run">, { gitDir, signal }: ObjectReaderOptions): Session {
  const killed = new AbortController();
  const answers = createObjectAnswers();
  const questions = new PassThrough();
  // What breaks it ends git, which is what the answers fail with.
  questions.on("error", () => undefined);
  const running = git
    .run({
      command: "cat-file",
      gitDir,
      options: ["--batch-command"],
      stdin: questions,
      sink: new Writable({
        write(chunk: Buffer, _encoding, done) {
          // A thing that is no answer ends git: whatever followed could be taken for the answer to something else.
          done(answers.take(chunk));
        },
      }),
      maxBytes: Number.MAX_SAFE_INTEGER,
      timeoutMs: NO_TIMEOUT,
      signal: signal === undefined ? killed.signal : AbortSignal.any([signal, killed.signal]),
    })
    .then(
      () => answers.fail(failed("was closed before it answered")),
      (error: unknown) => answers.fail(error),
    );
  return {
    answers,
    say: (line) => void (answers.broken() || questions.write(`${line}\n`)),
    kill: (why) => killed.abort(why),
    async end(timeoutMs) {
      questions.end();
      const slow = setTimeout(() => killed.abort(failed("did not end", "timeout")), timeoutMs);
      await running;
      clearTimeout(slow);
    },
  };
}

function failed(what: string, kind: "failed" | "refused" | "timeout" = "failed"): GitError {
  return new GitError(`git cat-file ${what}`, { kind, command: "cat-file" });
}
