// The file-size rule: median about 80 lines, 95th percentile under 250, none over 400.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const MAX = 400;
const MAX_P95 = 250;

const files = execFileSync("git", [
  "ls-files",
  "-z",
  "--cached",
  "--others",
  "--exclude-standard",
  "*.ts",
  "*.tsx",
  "*.mjs",
])
  .toString()
  .split("\0")
  .filter((file) => file !== "" && !file.includes("/fixtures/") && existsSync(file));
if (files.length < 50) throw new Error(`only ${files.length} files were looked at; is this the repository?`);

const sizes = files.map((file) => ({ file, lines: readFileSync(file, "utf8").split("\n").length - 1 }));
const sources = sizes.filter(({ file }) => !file.endsWith(".spec.ts") && !file.endsWith("index.ts"));
const sorted = sources.map(({ lines }) => lines).sort((a, b) => a - b);
const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const long = sizes.filter(({ lines }) => lines > MAX);

console.log(
  `${sources.length} source files: median ${at(0.5)}, 95th percentile ${at(0.95)}, longest ${sorted.at(-1)} lines`,
);
for (const { file, lines } of long)
  console.log(`${file} has ${lines} lines; ${MAX} is the limit. It wants to be two ideas`);
if (at(0.95) >= MAX_P95)
  console.log(`the 95th percentile is ${at(0.95)} lines; it must stay under ${MAX_P95}`);
process.exit(long.length === 0 && at(0.95) < MAX_P95 ? 0 : 1);
