const NANO = 1_000_000_000;

/** US dollars as whole billionths of one. */
export function toNano(usd: number): number {
  return Math.round(usd * NANO);
}

/** Billionths of a US dollar as dollars. */
export function toUsd(nano: number): number {
  return nano / NANO;
}
