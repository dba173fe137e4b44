import { countTests } from "./count-tests.ts";
import type { Judgement } from "./judgement.ts";

export interface TestExpectations {
  /** What the commit does to the tests it is judged by, for people. */
  readonly warnings?: readonly string[];
  /** Test files that ended before they reported a test. */
  readonly silent?: readonly string[];
  /** The base branch's least number of tests that run. */
  readonly minimum?: number;
  /** True when the command's runner always prints how many tests ran. */
  readonly counted?: boolean;
}

const NAMED = 20;

/** Judges a test run that exited 0: tests that did not run are not a pass. */
export function judgeTests(output: string, expected: TestExpectations): Judgement {
  const warnings = (expected.warnings ?? []).map((warning) => ` Warning: ${warning}`).join("");
  const count = countTests(output);
  const why = count === null ? uncounted(expected) : refusal(count, expected);
  const metrics = count === null ? {} : { metrics: { tests: count.ran, skipped: count.skipped } };
  if (why !== null) return { outcome: "failed", message: `${why}${warnings}`, ...metrics };
  if (count === null) {
    return {
      outcome: "passed",
      message: `Passed; how many tests ran could not be read from the output.${warnings}`,
    };
  }
  const skipped = count.skipped === 0 ? "" : ` ${count.skipped} skipped.`;
  return { outcome: "passed", message: `Passed.${skipped}${warnings}`, ...metrics };
}

/** Why a run whose tests cannot be counted is no pass, or null. */
function uncounted({ counted = false, minimum }: TestExpectations): string | null {
  if (minimum === 0) return null;
  if (minimum !== undefined) {
    return `The base branch wants ${minimum} tests to run, and how many did could not be read from the output.`;
  }
  if (!counted) return null;
  return (
    "The runner of this command prints how many tests ran, and this run did not: tests that cannot be counted are not " +
    'a pass. Where that is meant, {"tests":{"minimum":0}} in .mosaic/gates.json of the base branch says so.'
  );
}

function refusal(
  count: { readonly ran: number; readonly skipped: number },
  { silent = [], minimum = 0 }: TestExpectations,
): string | null {
  if (count.ran === 0) {
    const why = count.skipped > 0 ? `All ${count.skipped} tests were skipped` : "The command ran no test";
    return `${why}: tests that do not run are not a pass.`;
  }
  if (silent.length > 0) {
    const names = silent.slice(0, NAMED).map((path) => JSON.stringify(path));
    return `Test files ended before any of their tests ran: ${names.join(", ")}.`;
  }
  if (count.ran < minimum) return `${count.ran} tests ran; the base branch wants at least ${minimum}.`;
  return null;
}
