import { Problem } from "@mosaic/contracts";
import { AttemptFailure, backoffMs } from "@mosaic/domain";
import { setTimeout as delay } from "node:timers/promises";
import { Agent, request as httpRequest } from "undici";

/** How requests to the coordinator are sent and repeated. */
export interface TransportOptions {
  /** Where the coordinator is, e.g. `http://127.0.0.1:8000`. */
  readonly baseUrl: string;
  readonly token: string;
  /** Times a request is sent at most; default 3 (ORCH-113). */
  readonly tries?: number;
  /** Milliseconds before the second try, doubled each time, with jitter; default 500. */
  readonly retryBaseMs?: number;
  /** Upper bound of one wait, in milliseconds; default 10,000. */
  readonly retryCapMs?: number;
  /** Milliseconds one try may take; default 45 minutes: gates of a large repository wait for each other. */
  readonly tryTimeoutMs?: number;
  /** Milliseconds for all tries together; default 60 minutes. */
  readonly totalTimeoutMs?: number;
  /** Most bytes of an answer; default 16 MiB. */
  readonly maxAnswerBytes?: number;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Waits; default a timer. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Transport {
  /**
   * POSTs JSON and answers with the parsed JSON of a 2xx.
   * @throws AttemptFailure `gates_unavailable`; the signal's reason when the caller aborts
   */
  post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown>;
}

/** A try that may be repeated. */
class RetryableError extends Error {
  readonly retryAfterMs: number;

  constructor(message: string, options: ErrorOptions & { retryAfterMs?: number } = {}) {
    super(message, options);
    this.name = "RetryableError";
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

const MINUTE_MS = 60_000;

/**
 * Sends requests to the coordinator. Only what may come out differently next time is sent again: connections that
 * fail or break, time-outs, 5xx and 429. A check changes nothing, so that repeating it is safe.
 */
export function createTransport(options: TransportOptions): Transport {
  // No limit of undici's own on how long the headers may take: gates run before them. No kept connections: a stale
  // one would look like a coordinator that is down.
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0, connectTimeout: 5000, pipelining: 0 });
  const tries = options.tries ?? 3;
  const sleep = options.sleep ?? ((ms, signal) => delay(ms, undefined, { signal }));
  const policy = {
    maxRetries: tries - 1,
    baseMs: options.retryBaseMs ?? 500,
    capMs: options.retryCapMs ?? 10_000,
  };

  async function once(path: string, body: string, signal: AbortSignal): Promise<unknown> {
    const timeout = AbortSignal.timeout(options.tryTimeoutMs ?? 45 * MINUTE_MS);
    try {
      return await send(agent, { ...options, path, body, signal: AbortSignal.any([signal, timeout]) });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RetryableError || error instanceof AttemptFailure) throw error;
      const why = timeout.aborted ? "it did not answer in time" : reason(error);
      throw new RetryableError(`the coordinator at ${options.baseUrl} cannot be reached: ${why}`, {
        cause: error,
      });
    }
  }

  async function repeat(path: string, body: string, signal: AbortSignal): Promise<unknown> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await once(path, body, signal);
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        if (attempt >= tries) throw unavailable(`${error.message} (${tries} tries)`, error);
        const wait = Math.max(backoffMs(attempt, policy, options.random()), error.retryAfterMs);
        await sleep(Math.min(wait, policy.capMs), signal);
      }
    }
  }

  return {
    async post(path, body, caller) {
      const totalMs = options.totalTimeoutMs ?? 60 * MINUTE_MS;
      const total = AbortSignal.timeout(totalMs);
      caller?.throwIfAborted();
      try {
        return await repeat(path, JSON.stringify(body), caller ? AbortSignal.any([caller, total]) : total);
      } catch (error) {
        caller?.throwIfAborted();
        if (total.aborted)
          throw unavailable(`the coordinator gave no answer within ${totalMs / 1000} s`, error);
        throw error;
      }
    },
  };
}

/** The failure every undecided check ends in: the gates did not speak, so nothing passes. */
export function unavailable(why: string, cause?: unknown): AttemptFailure {
  const message = `the quality gates are unavailable: ${why}`;
  return new AttemptFailure("gates_unavailable", message, cause === undefined ? {} : { cause });
}

interface Sending extends TransportOptions {
  readonly path: string;
  readonly body: string;
  readonly signal: AbortSignal;
}

async function send(agent: Agent, sending: Sending): Promise<unknown> {
  const answer = await httpRequest(new URL(sending.path, sending.baseUrl), {
    method: "POST",
    dispatcher: agent,
    headers: { authorization: `Bearer ${sending.token}`, "content-type": "application/json" },
    body: sending.body,
    signal: sending.signal,
  });
  const text = await readText(answer.body, sending.maxAnswerBytes ?? 16 * 1024 * 1024);
  const { statusCode: status, headers } = answer;
  if (status >= 200 && status < 300) return parse(text, status);
  const detail = problemDetail(text, status);
  if (status < 500 && status !== 429) throw unavailable(detail);
  const retryAfter = Number(headers["retry-after"]);
  throw new RetryableError(detail, { retryAfterMs: Number.isFinite(retryAfter) ? retryAfter * 1000 : 0 });
}

async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let total = 0;
  for await (const chunk of body) {
    total += chunk.length;
    if (total > maxBytes) throw unavailable(`the coordinator's answer has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string, status: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unavailable(`the coordinator answered ${status} with something that is not JSON`, error);
  }
}

function problemDetail(text: string, status: number): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null; // Not a problem document: the status is all there is to tell.
  }
  const problem = Problem.safeParse(value);
  return problem.success
    ? `the coordinator refused the request: ${problem.data.detail} (${problem.data.code})`
    : `the coordinator answered with status ${status}`;
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.message === "" ? ((error as NodeJS.ErrnoException).code ?? error.name) : error.message;
}
