import type { CommitTree } from "../checkout/read-commit.ts";
import { removedPaths } from "../checkout/read-commit.ts";
import { isTestFile } from "./test-file.ts";

/** Test files that are compared one by one; a change of more is reported as such. */
const COMPARED = 200;
/** Names in one message. */
const NAMED = 20;

interface Marks {
  readonly tests: number;
  readonly left: number;
  readonly alone: number;
  readonly ends: number;
}

/** What declares a test, leaves it out, runs it alone, or ends the process, in the languages whose runners are known. */
const DECLARED = [
  /(?:^|[\s;{(])(?:it|test|specify)(?:\.(?:each|only|skip|todo|concurrent|failing|fails|serial))*[ \t]*[(`]/g,
  /^[ \t]*(?:async[ \t]+)?def[ \t]+test/gm,
  /^func[ \t]+(?:Test|Fuzz|Example)/gm,
  /#\[(?:\w{1,40}::)?test\b/g,
];
const LEFT_OUT = [
  /\b(?:it|test|describe|suite|context)\.(?:skip|todo|skipIf|runIf)\b/g,
  /\bx(?:it|test|describe)[ \t]*\(/g,
  /[{,][ \t\n]{0,20}(?:skip|todo)[ \t]*:/g,
  /@(?:pytest\.mark\.(?:skip|skipif|xfail)|unittest\.(?:skip|expectedFailure))/g,
  /\bpytest\.skip\(|\.skipTest\(|\b[tb]\.Skip(?:f|Now)?\(|#\[ignore/g,
];
const ALONE = [
  /\b(?:it|test|describe|suite|context)\.only\b/g,
  /\bf(?:it|describe)[ \t]*\(/g,
  /\bonly[ \t]*:[ \t]*true\b/g,
];
const ENDS = [
  /\bprocess\.(?:exit|reallyExit|abort|kill)\b/g,
  /\bos\._exit\(|\bsys\.exit\(/g,
  /\bos\.Exit\(|\bprocess::exit\(/g,
];

/**
 * What a commit does to the tests it is judged by, as sentences for people: test files that are gone, tests that are
 * no longer declared, newly left out or run alone, and files that now end the runner's process. It reads the text,
 * and so it is a warning and not a verdict: removing a feature with its tests looks the same.
 */
export async function testChanges(base: CommitTree, commit: CommitTree): Promise<readonly string[]> {
  const removed = removedPaths(base, commit).filter(isTestFile);
  const changed = [...base.paths].filter(
    (path) => isTestFile(path) && commit.paths.has(path) && commit.blobs.get(path) !== base.blobs.get(path),
  );
  const warnings: string[] = [];
  if (removed.length > 0) warnings.push(`The commit deletes test files: ${named(removed)}.`);
  if (changed.length > COMPARED)
    warnings.push(`The commit changes ${changed.length} test files: too many to compare.`);
  else
    for (const path of changed) {
      const was = marksOf(await base.text(path));
      const now = marksOf(await commit.text(path));
      const found = differences(was, now);
      if (found.length > 0) warnings.push(`${JSON.stringify(path)} ${found.join(", ")}.`);
    }
  return shortened(warnings);
}

function shortened(warnings: readonly string[]): readonly string[] {
  const more = warnings.length - NAMED;
  return more <= 0 ? warnings : [...warnings.slice(0, NAMED), `${more} more test files are like that.`];
}

function differences(was: Marks, now: Marks): readonly string[] {
  return [
    now.tests < was.tests ? `declares ${now.tests} tests where the base branch has ${was.tests}` : "",
    now.left > was.left ? `leaves out ${now.left - was.left} more tests (skip, todo)` : "",
    now.alone > was.alone ? "runs some tests alone (only)" : "",
    now.ends > was.ends ? "ends the runner's process" : "",
  ].filter((part) => part !== "");
}

function marksOf(text: string | null): Marks {
  const count = (patterns: readonly RegExp[]): number =>
    text === null ? 0 : patterns.reduce((sum, pattern) => sum + (text.match(pattern)?.length ?? 0), 0);
  return { tests: count(DECLARED), left: count(LEFT_OUT), alone: count(ALONE), ends: count(ENDS) };
}

/** Paths for a sentence; they are the agent's choice, so they are quoted where they could be read as more than a path. */
function named(paths: readonly string[]): string {
  const shown = paths
    .slice(0, NAMED)
    .map((path) => (/^[\w./@+-]+$/.test(path) ? path : JSON.stringify(path)));
  return shown.join(", ") + (paths.length > NAMED ? ` and ${paths.length - NAMED} more` : "");
}
