import type { Judgement } from "./judgement.ts";

/** The line in which a linter counts its warnings: ESLint and Stylelint, oxlint, Biome. */
const SUMMARIES = [
  /✖ \d+ problems? \(\d+ errors?, (\d{1,9}) warnings?\)/g,
  /^Found (\d{1,9}) warnings? and \d+ errors?\.?$/gm,
  /^Found (\d{1,9}) warnings?\.$/gm,
];

/** Judges a linter that exited 0: its warnings fail, too (ORCH-121). */
export function judgeLint(output: string): Judgement {
  let warnings = 0;
  for (const pattern of SUMMARIES) {
    for (const match of output.matchAll(pattern)) warnings += Number(match[1]);
  }
  if (warnings === 0) return { outcome: "passed", message: "Passed." };
  return {
    outcome: "failed",
    metrics: { warnings },
    message: `The linter reports ${warnings} warning${warnings === 1 ? "" : "s"}; warnings fail.`,
  };
}
