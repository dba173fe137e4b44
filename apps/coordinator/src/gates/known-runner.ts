import { TREE } from "../detect/gate-command.ts";
import type { CommitTree } from "../checkout/read-commit.ts";

/** Runners whose summary `countTests` reads. */
const RUNNERS =
  /(?:^|[\s;&|(/'"])(?:vitest|jest|mocha|pytest)(?=$|[\s;&|)'"])|\bnode[ \t][^;&|]*--test(?=$|[\s;&|)'"])|\bunittest\b|\bgo[ \t]+test\b|\bcargo[ \t]+test\b/;
/** What sends the summary elsewhere, or asks for another form of it. */
const ELSEWHERE = /report|json|junit|silent|quiet|-qq\b|>|[^|]\|[^|]|--format|--list|--no-run/i;
/** A package manager's call of a script. */
const CALL =
  /\b(?:npm|pnpm|yarn)[ \t]+(?:-\S+[ \t]+)*(?:run(?:-script)?[ \t]+(?:-\S+[ \t]+)*)?([A-Za-z0-9][\w:.-]*)/g;
const MOST_CALLS = 50;

/**
 * True when a command, with the scripts it calls, ends in a runner that always prints how many tests ran. Then a run
 * without that line is not what the runner printed.
 */
export function countsItsTests(command: string, scripts: Readonly<Record<string, string>>): boolean {
  const seen = new Set<string>();
  const texts = [command];
  for (let text = texts.pop(); text !== undefined && seen.size < MOST_CALLS; text = texts.pop()) {
    if (ELSEWHERE.test(text)) return false;
    if (RUNNERS.test(text)) return true;
    for (const [, name = ""] of text.matchAll(CALL)) {
      const called = Object.hasOwn(scripts, name) ? scripts[name] : undefined;
      if (called === undefined || seen.has(name)) continue;
      seen.add(name);
      texts.push(called);
    }
  }
  return false;
}

/** A line in which node's runner names a whole file as one test: nothing in it reported a test. */
const FILE_AS_TEST = /^(?:✔ |ok \d{1,9} - )(\S.*\.[cm]?[jt]sx?)(?: \([\d.]{1,20}ms\))?$/gm;
const USES_NODE_TEST = /["'`](?:node:)?test["'`]/;
const LOOKED_AT = 100;

/**
 * Test files written for node's runner that ended without reporting a single test (`process.exit(0)` on top does
 * that, and counts as one passed test).
 */
export async function silentTestFiles(
  printed: string,
  trees: { readonly base: CommitTree; readonly commit: CommitTree },
): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const [, name = ""] of printed.matchAll(FILE_AS_TEST)) {
    if (names.size < LOOKED_AT) names.add(name.startsWith(`${TREE}/`) ? name.slice(TREE.length + 1) : name);
  }
  if (names.size === 0) return [];
  const silent: string[] = [];
  const known = [...new Set([...trees.base.paths, ...trees.commit.paths])];
  for (const path of known.filter((candidate) => isNamed(candidate, names))) {
    const texts = await Promise.all([trees.base.text(path), trees.commit.text(path)]);
    if (texts.some((text) => text !== null && USES_NODE_TEST.test(text))) silent.push(path);
  }
  return silent;
}

/** Names are relative to where the runner was started, which may be a folder of the tree. */
function isNamed(path: string, names: ReadonlySet<string>): boolean {
  for (let at = 0; at >= 0; at = path.indexOf("/", at + 1)) {
    if (names.has(at === 0 ? path : path.slice(at + 1))) return true;
  }
  return false;
}
