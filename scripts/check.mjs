// `npm run check`: format, lint, types, boundaries, sizes, dead code, generated files. Prints what failed in full.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const env = { ...process.env, PATH: `${join(root, "node_modules/.bin")}:${process.env.PATH}` };
const STEPS = ["format:check", "lint", "types", "boundaries", "sizes", "dead-code", "generate:check"];

function step(name) {
  const started = performance.now();
  const child = spawn("npm", ["run", "--silent", name], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = [];
  child.stdout.on("data", (data) => output.push(data));
  child.stderr.on("data", (data) => output.push(data));
  return new Promise((resolve) => {
    child.on("close", (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      resolve({ name, ok: code === 0, seconds, output: Buffer.concat(output).toString() });
    });
  });
}

let failed = 0;
for (let at = 0; at < STEPS.length; at += 2) {
  for (const { name, ok, seconds, output } of await Promise.all(STEPS.slice(at, at + 2).map(step))) {
    process.stdout.write(`${ok ? "ok  " : "FAIL"}  ${name.padEnd(14)} ${seconds} s\n`);
    if (ok) continue;
    failed += 1;
    process.stdout.write(`${output.trimEnd()}\n`);
  }
}
process.exit(failed === 0 ? 0 : 1);
