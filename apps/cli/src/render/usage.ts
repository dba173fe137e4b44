import type { Usage } from "@mosaic/contracts";
import { count, dollars, number } from "./units.ts";

type Tokens = Omit<Usage, "requests" | "costUsd">;

/** `1,204 in, 380 out, 9,000 cache read, 1,100 cache written` */
export function tokens(usage: Tokens): string {
  const written = usage.cacheWrite5mTokens + usage.cacheWrite1hTokens;
  const parts = [`${number(usage.inputTokens)} in`, `${number(usage.outputTokens)} out`];
  if (usage.cacheReadTokens > 0) parts.push(`${number(usage.cacheReadTokens)} cache read`);
  if (written > 0) parts.push(`${number(written)} cache written`);
  return parts.join(", ");
}

/** What an agent used, in one line: `7 requests, 1,204 in, 380 out, cost $0.0123`. */
export function usageLine(usage: Usage): string {
  return `${count(usage.requests, "request")}, ${tokens(usage)}, cost ${dollars(usage.costUsd)}`;
}
