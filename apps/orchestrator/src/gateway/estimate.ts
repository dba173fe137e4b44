import { costUsd, NO_USAGE, priceOf, type PriceTable, type TokenUsage } from "@mosaic/domain";

/**
 * Bytes of request per token. English and code have about four; fewer, so that the estimate is too high rather than
 * too low.
 */
const BYTES_PER_TOKEN = 3;

/** What is known about a request before its answer. */
export interface Request {
  readonly bytes: number;
  readonly maxTokens: number;
  /** The class of token that its input may be charged as: the dearest one that it can be. */
  readonly inputClass: "inputTokens" | "cacheWrite5mTokens" | "cacheWrite1hTokens";
}

export interface Estimate extends Request {
  readonly usage: TokenUsage;
  readonly costUsd: number;
}

/** The most that a request may use, and its price: all of its input as dear as it can be, and all of `max_tokens`. */
export function estimate(
  request: { readonly model: string; readonly body: string; readonly maxTokens: number },
  prices: PriceTable,
): Estimate {
  const { model, body, maxTokens } = request;
  const price = priceOf(model, prices);
  // An agent may ask for a cache of one hour, which costs more to write; finding the words elsewhere only errs upwards.
  const hour = body.includes('"1h"') ? price.cacheWrite1h : 0;
  const dearest = Math.max(price.input, price.cacheWrite5m, hour);
  const inputClass =
    dearest === price.input
      ? "inputTokens"
      : dearest === price.cacheWrite5m
        ? "cacheWrite5mTokens"
        : "cacheWrite1hTokens";
  const size: Request = { bytes: Buffer.byteLength(body), maxTokens, inputClass };
  const usage = mostOf(size);
  return { ...size, usage, costUsd: costUsd(model, usage, prices) };
}

/** All that a request can have used. */
export function mostOf(request: Request): TokenUsage {
  return { ...NO_USAGE, [request.inputClass]: inputTokens(request), outputTokens: request.maxTokens };
}

function inputTokens({ bytes }: Request): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
