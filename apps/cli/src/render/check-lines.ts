import { cleanLine } from "../terminal/clean.ts";
import type { Paint, Tone } from "../terminal/paint.ts";
import { pad } from "../terminal/width.ts";

/** One thing `mosaic doctor` looked at. `warning` works, but a person should know. */
export interface Check {
  readonly name: string;
  readonly outcome: "ok" | "warning" | "broken";
  readonly detail: string;
}

const MARKS: Readonly<Record<Check["outcome"], readonly [string, Tone]>> = {
  ok: ["ok", "good"],
  warning: ["warning", "warn"],
  broken: ["broken", "bad"],
};

/** One line for each check. */
export function checkLines(checks: readonly Check[], paint: Paint): string[] {
  const width = Math.max(0, ...checks.map((check) => check.name.length));
  return checks.map((check) => {
    const [word, tone] = MARKS[check.outcome];
    return `${paint(tone, pad(word, 7))}  ${pad(check.name, width)}  ${cleanLine(check.detail)}`;
  });
}
