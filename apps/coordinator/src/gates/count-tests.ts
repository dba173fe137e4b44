/** Tests a run reports: those that ran (passed or failed) and those it left out. */
export interface TestCount {
  readonly ran: number;
  readonly skipped: number;
}

type Counter = (output: string) => TestCount | null;

/**
 * How many tests ran, by what the usual runners print; null when no runner is recognised. When several summaries
 * are in the output (a monorepo), they are added up. The output is untrusted: every pattern here takes linear time.
 */
export function countTests(output: string): TestCount | null {
  return COUNTERS.reduce<TestCount | null>((found, count) => add(found, count(output)), null);
}

function add(one: TestCount | null, other: TestCount | null): TestCount | null {
  if (!one || !other) return one ?? other;
  return { ran: one.ran + other.ran, skipped: one.skipped + other.skipped };
}

/** Sum of a pattern's first group over all its matches; null without a match. */
function sum(output: string, pattern: RegExp): number | null {
  let total: number | null = null;
  for (const match of output.matchAll(pattern)) total = (total ?? 0) + Number(match[1]);
  return total;
}

/** node:test (spec and tap reporters) and tape. */
const nodeTest: Counter = (output) => {
  const tests = sum(output, /^(?:# |ℹ )tests[ \t]+(\d{1,9})$/gm);
  if (tests === null) return null;
  const skipped =
    (sum(output, /^(?:# |ℹ )skipped[ \t]+(\d{1,9})$/gm) ?? 0) +
    (sum(output, /^(?:# |ℹ )todo[ \t]+(\d{1,9})$/gm) ?? 0);
  return { ran: Math.max(0, tests - skipped), skipped };
};

/** Vitest: `Tests  1 failed | 2 passed | 3 skipped (6)`; Jest: `Tests:  1 failed, 2 passed, 3 total`. */
const vitestOrJest: Counter = (output) => {
  const none = /^[ \t]*No test(?: file)?s found\b/m.test(output) ? { ran: 0, skipped: 0 } : null;
  const summaries = [...output.matchAll(/^[ \t]*Tests:?[ \t]{1,20}(\S.*)$/gm)].map(([, summary = ""]) => ({
    ran: (sum(summary, /(\d{1,9}) passed/g) ?? 0) + (sum(summary, /(\d{1,9}) failed/g) ?? 0),
    skipped: (sum(summary, /(\d{1,9}) skipped/g) ?? 0) + (sum(summary, /(\d{1,9}) todo/g) ?? 0),
  }));
  return summaries.reduce(add, none);
};

const mocha: Counter = (output) => {
  const passing = sum(output, /^[ \t]{1,8}(\d{1,9}) passing\b/gm);
  if (passing === null) return null;
  const failing = sum(output, /^[ \t]{1,8}(\d{1,9}) failing\b/gm) ?? 0;
  return { ran: passing + failing, skipped: sum(output, /^[ \t]{1,8}(\d{1,9}) pending\b/gm) ?? 0 };
};

const PYTEST_SUMMARY =
  /^=* ?(\d{1,9} (?:passed|failed|skipped|error|xfailed|xpassed|deselected|warning).*) in [\d.]+s/gm;

/** `=== 3 passed, 1 skipped in 0.12s ===`, and `no tests ran in 0.01s`. */
const pytest: Counter = (output) => {
  if (/^=* ?no tests ran in [\d.]+s/m.test(output)) return { ran: 0, skipped: 0 };
  const summaries = [...output.matchAll(PYTEST_SUMMARY)].map(([, summary = ""]) => ({
    ran: sum(summary, /(\d{1,9}) (?:passed|failed|xfailed|xpassed|errors?)\b/g) ?? 0,
    skipped: sum(summary, /(\d{1,9}) skipped/g) ?? 0,
  }));
  return summaries.reduce(add, null);
};

const unittest: Counter = (output) => {
  const ran = sum(output, /^Ran (\d{1,9}) tests? in /gm);
  if (ran === null) return null;
  const skipped = sum(output, /\bskipped=(\d{1,9})/g) ?? 0;
  return { ran: Math.max(0, ran - skipped), skipped };
};

/** Go counts packages here: without `-v` it does not say how many tests a package ran. */
const go: Counter = (output) => {
  const packages = [...output.matchAll(/^(?:ok|FAIL|\?)[ \t]+\S+[ \t]+(?:\(cached\)|[\d.]+s|\[).*$/gm)].map(
    ([line]) => line,
  );
  if (packages.length === 0) return null;
  const empty = packages.filter((line) => /\[no tests? (?:files|to run)\]/.test(line));
  return { ran: packages.length - empty.length, skipped: 0 };
};

const cargo: Counter = (output) => {
  const passed = sum(output, /^test result: \w+\. (\d{1,9}) passed;/gm);
  if (passed === null) return null;
  const failed = sum(output, /^test result: .*?(\d{1,9}) failed;/gm) ?? 0;
  return { ran: passed + failed, skipped: sum(output, /^test result: .*?(\d{1,9}) ignored;/gm) ?? 0 };
};

/** `1..0` is TAP's way to say that there is nothing. */
const emptyTap: Counter = (output) => (/^1\.\.0\b/m.test(output) ? { ran: 0, skipped: 0 } : null);

const COUNTERS: readonly Counter[] = [nodeTest, vitestOrJest, mocha, pytest, unittest, go, cargo, emptyTap];
