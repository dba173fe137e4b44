// `npm test`: every check, then every test. The last line counts the tests, for people and for CI.
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = (args) => spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;

const check = run([join(root, "scripts/check.mjs")]);
if (check !== 0) process.stdout.write("\nnpm run check failed; the tests run all the same\n");
const tests = run([
  join(root, "node_modules/vitest/vitest.mjs"),
  "run",
  "--reporter=default",
  `--reporter=${join(root, "scripts/closing-line-reporter.mjs")}`,
  ...process.argv.slice(2),
]);
process.exit(check === 0 ? tests : 1);
