import { addUsage, type TokenUsage } from "@mosaic/domain";
import { mostOf, type Request } from "./estimate.ts";

/** What one request used, and whether that is what the model's API said in the end. */
export interface Metered {
  readonly usage: TokenUsage;
  readonly complete: boolean;
}

/** Usage as reported so far. The API's numbers are cumulative: a later one replaces an earlier one. */
export interface Reported {
  input?: number;
  output?: number;
  cacheWrite?: number;
  cacheWrite1h?: number;
  cacheRead?: number;
  /** Sub-requests on the API's side (compaction, advisor), which the other numbers do not contain. */
  extra?: TokenUsage;
}

/** Takes over what a `usage` object says; what is missing or not a count stays as it was. */
export function takeOver(reported: Reported, usage: unknown): Reported {
  if (!isObject(usage)) return reported;
  const creation = usage["cache_creation"];
  const next: { [K in keyof Reported]: Reported[K] | undefined } = {
    input: count(usage["input_tokens"]),
    output: count(usage["output_tokens"]),
    cacheWrite: count(usage["cache_creation_input_tokens"]),
    cacheWrite1h: isObject(creation) ? count(creation["ephemeral_1h_input_tokens"]) : undefined,
    cacheRead: count(usage["cache_read_input_tokens"]),
    extra: extraOf(usage["iterations"]),
  };
  const said = Object.entries(next).filter(([, value]) => value !== undefined);
  return { ...reported, ...(Object.fromEntries(said) as Reported) };
}

/**
 * The usage of an answer that was seen to its end. Without both main numbers it is not known, and estimated: unknown
 * is never zero.
 */
export function settled(reported: Reported, request: Request): Metered {
  if (reported.input === undefined || reported.output === undefined) return broken(reported, request, null);
  return { usage: total(reported, reported.input, reported.output), complete: true };
}

/**
 * The usage of an answer that broke off: what was reported, and for what was not, the request's size and the most
 * that can have been generated.
 * @param visibleBytes bytes of answer that were seen, when nothing can have been generated unseen; else null
 */
export function broken(reported: Reported, request: Request, visibleBytes: number | null): Metered {
  const unknown = mostOf(request);
  // A token has at least one byte, so that many bytes cannot hold more tokens.
  const most = visibleBytes === null ? request.maxTokens : Math.min(request.maxTokens, visibleBytes);
  const output = Math.max(reported.output ?? 0, most);
  const usage =
    reported.input === undefined
      ? addUsage(
          { ...unknown, outputTokens: 0 },
          total({ ...reported, cacheWrite: 0, cacheWrite1h: 0 }, 0, output),
        )
      : total(reported, reported.input, output);
  return { usage, complete: false };
}

function total(reported: Reported, input: number, output: number): TokenUsage {
  const oneHour = reported.cacheWrite1h ?? 0;
  const { extra } = reported;
  return {
    inputTokens: input + (extra?.inputTokens ?? 0),
    outputTokens: output + (extra?.outputTokens ?? 0),
    cacheWrite5mTokens: Math.max(0, (reported.cacheWrite ?? 0) - oneHour) + (extra?.cacheWrite5mTokens ?? 0),
    cacheWrite1hTokens: oneHour + (extra?.cacheWrite1hTokens ?? 0),
    cacheReadTokens: (reported.cacheRead ?? 0) + (extra?.cacheReadTokens ?? 0),
  };
}

function extraOf(iterations: unknown): TokenUsage | undefined {
  if (!Array.isArray(iterations)) return undefined;
  // Sampling of the answer itself is in the top-level numbers; everything else is not.
  const others = iterations.filter((entry) => isObject(entry) && entry["type"] !== "message");
  const sums = others.map((entry) => {
    const own = takeOver({}, { ...entry, iterations: undefined });
    return total(own, own.input ?? 0, own.output ?? 0);
  });
  const sum = (key: keyof TokenUsage): number => sums.reduce((all, usage) => all + usage[key], 0);
  return {
    inputTokens: sum("inputTokens"),
    outputTokens: sum("outputTokens"),
    cacheWrite5mTokens: sum("cacheWrite5mTokens"),
    cacheWrite1hTokens: sum("cacheWrite1hTokens"),
    cacheReadTokens: sum("cacheReadTokens"),
  };
}

function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
