import { posix } from "node:path";

const FOLDERS: ReadonlySet<string> = new Set(["test", "tests", "__tests__", "spec"]);
const NAMES = [/[._-](?:test|spec)s?\.\w{1,10}$/, /^test_.*\.py$/];

/** True for a file that usually holds tests: by its folder or its name. */
export function isTestFile(path: string): boolean {
  const name = posix.basename(path);
  const folders = posix.dirname(path).split("/");
  return folders.some((folder) => FOLDERS.has(folder)) || NAMES.some((pattern) => pattern.test(name));
}
