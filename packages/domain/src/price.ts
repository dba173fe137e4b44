/** Tokens by class, as the Messages API reports them. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly cacheWrite5mTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly cacheReadTokens: number;
}

export const NO_USAGE: TokenUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cacheWrite5mTokens: 0,
  cacheWrite1hTokens: 0,
  cacheReadTokens: 0,
};

/** US dollars per million tokens of each class. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
  readonly cacheWrite5m: number;
  readonly cacheWrite1h: number;
  readonly cacheRead: number;
}

export interface PriceTable {
  readonly version: string;
  /** By model id; the longest key that starts the id wins, so that dated ids are found. */
  readonly models: Readonly<Record<string, ModelPrice>>;
  /** For an id that is not in the table: never cheaper than what we know, so a budget is not outrun by a new name. */
  readonly fallback: ModelPrice;
}

const price = (
  input: number,
  output: number,
  cacheWrite5m: number,
  cacheWrite1h: number,
  cacheRead: number,
): ModelPrice => ({ input, output, cacheWrite5m, cacheWrite1h, cacheRead });

/** A seed for a configurable table (`MOSAIC_PRICES_FILE`): the prices Claude Code 2.1.328 uses, derived by running it. */
export const DEFAULT_PRICES: PriceTable = {
  version: "2026-11",
  models: {
    "claude-sonnet-5-5": price(2, 10, 2.5, 4, 0.1),
    "claude-opus-5-5": price(4, 20, 5, 8, 0.2),
    "claude-haiku-5-5": price(0.1, 0.5, 0.125, 0.2, 0.01),
    "claude-fable-5-2": price(8, 40, 10, 16, 0.2),
    "claude-mythos-5-2": price(8, 40, 10, 16, 0.2),
    "claude-sonnet-5": price(2, 10, 2.5, 4, 0.2),
    "claude-opus-5": price(5, 25, 6.25, 10, 0.5),
    "claude-opus-4-8": price(5, 25, 6.25, 10, 0.5),
    "claude-haiku-4-5": price(1, 5, 1.25, 2, 0.1),
    "claude-sonnet-4-6": price(3, 15, 3.75, 6, 0.3),
  },
  fallback: price(8, 40, 10, 16, 0.5),
};

/** The price of `model` in `table`, by longest prefix; the fallback when nothing matches. */
export function priceOf(model: string, table: PriceTable): ModelPrice {
  const key = Object.keys(table.models)
    .filter((name) => model === name || model.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];
  return (key === undefined ? undefined : table.models[key]) ?? table.fallback;
}

/** US dollars for `usage` at the table's prices. */
export function costUsd(model: string, usage: TokenUsage, table: PriceTable): number {
  const p = priceOf(model, table);
  return (
    (usage.inputTokens * p.input +
      usage.outputTokens * p.output +
      usage.cacheWrite5mTokens * p.cacheWrite5m +
      usage.cacheWrite1hTokens * p.cacheWrite1h +
      usage.cacheReadTokens * p.cacheRead) /
    1_000_000
  );
}

/** Class by class sum. */
export function addUsage(a: TokenUsage, b: TokenUsage): TokenUsage {
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    cacheWrite5mTokens: a.cacheWrite5mTokens + b.cacheWrite5mTokens,
    cacheWrite1hTokens: a.cacheWrite1hTokens + b.cacheWrite1hTokens,
    cacheReadTokens: a.cacheReadTokens + b.cacheReadTokens,
  };
}
