import type { LineCount } from "./line-count.ts";

const BLOCK = /^(.+):(\d+)\.\d+,(\d+)\.\d+ (\d+) (\d+)$/;

/**
 * Coverage of a Go cover profile, in statements: that is what Go counts and what `go tool cover` shows.
 * A block that several packages' tests report counts once, covered when any of them ran it.
 */
export function parseGoCover(text: string): LineCount | null {
  const [mode, ...lines] = text.split(/\r?\n/);
  if (!mode || !/^mode: (?:set|count|atomic)$/.test(mode)) return null;
  const blocks = new Map<string, { statements: number; hits: number }>();
  for (const line of lines) {
    if (line === "") continue;
    const match = BLOCK.exec(line);
    if (!match) return null;
    const key = line.slice(0, line.indexOf(" "));
    const hits = Math.max(Number(match[5]), blocks.get(key)?.hits ?? 0);
    blocks.set(key, { statements: Number(match[4]), hits });
  }
  let covered = 0;
  let total = 0;
  for (const block of blocks.values()) {
    total += block.statements;
    if (block.hits > 0) covered += block.statements;
  }
  return { covered, total };
}
