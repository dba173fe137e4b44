import { countTests } from "./count-tests.ts";
import type { Judgement } from "./judgement.ts";

/**
 * Judges a test run that exited 0: tests that did not run are not a pass.
 * @param deleted test files of the base that the commit removed, reported to people
 */
export function judgeTests(output: string, deleted: readonly string[]): Judgement {
  const count = countTests(output);
  const removed =
    deleted.length === 0 ? "" : ` The commit deletes test files: ${deleted.slice(0, 20).join(", ")}.`;
  if (!count) {
    return {
      outcome: "passed",
      message: `Passed; how many tests ran could not be read from the output.${removed}`,
    };
  }
  const metrics = { tests: count.ran, skipped: count.skipped };
  if (count.ran === 0) {
    const why = count.skipped > 0 ? `All ${count.skipped} tests were skipped` : "The command ran no test";
    return { outcome: "failed", metrics, message: `${why}: tests that do not run are not a pass.${removed}` };
  }
  const skipped = count.skipped === 0 ? "" : ` ${count.skipped} skipped.`;
  return { outcome: "passed", metrics, message: `Passed.${skipped}${removed}` };
}
