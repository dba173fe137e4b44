import type { QualityCheckResponse } from "@mosaic/contracts";
import type { Paint } from "../terminal/paint.ts";
import { verdictMark } from "./tell-work.ts";
import { count } from "./units.ts";

type QualityDetails = NonNullable<QualityCheckResponse["details"]>;

/** Lines of a gate's output that are shown: its end, where the reason is. `--json` has all that was kept. */
const OUTPUT_LINES = 30;

/** The gates that rejected a commit, with their commands and the end of what they printed. The details are clean. */
export function rejectionLines(details: QualityDetails, paint: Paint): string[] {
  const rejecting = details.verdicts.filter(({ outcome }) => outcome !== "passed" && outcome !== "skipped");
  return rejecting.flatMap((verdict) => {
    const { mark, word, tone } = verdictMark(verdict.outcome);
    const exit = verdict.exitCode === null ? "" : `, exit code ${verdict.exitCode}`;
    const command = verdict.command === null ? "" : `: ${verdict.command}${exit}`;
    return [
      `${paint(tone, `${mark} ${verdict.gate} ${word}`)}${command}`,
      ...verdict.message.split("\n").map((line) => `  ${line}`),
      ...tail(verdict.output).map((line) => `  ${paint("dim", `| ${line}`.trimEnd())}`),
    ];
  });
}

function tail(output: string): string[] {
  const text = output.trimEnd();
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.length <= OUTPUT_LINES) return lines;
  return [`… ${count(lines.length - OUTPUT_LINES, "line")} before`, ...lines.slice(-OUTPUT_LINES)];
}
