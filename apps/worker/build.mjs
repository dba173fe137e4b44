import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "rolldown";

const here = fileURLToPath(new URL(".", import.meta.url));
const target = process.argv[2] ?? `${here}dist/worker.mjs`;
const folder = dirname(target);
/** An agent that was started from what is replaced has read it long before this, in milliseconds. */
const KEPT_MS = 3_600_000;

// One script with nothing outside it but Node itself: it is mounted into a sandbox that has no node_modules.
const { output } = await build({
  cwd: here,
  input: "src/main.ts",
  platform: "node",
  // The agent toolset has a browser stand-in; the Node one is wanted.
  resolve: { conditionNames: ["node", "import", "default"] },
  external: [/^node:/],
  logLevel: "warn",
  output: { format: "cjs", codeSplitting: false, minify: true },
  write: false,
});
const code = `(function (require, module, exports) {${output[0].code}\n})`;
const name = `worker-${createHash("sha256").update(code).digest("hex").slice(0, 12)}`;

await mkdir(folder, { recursive: true });
await put(`${name}.cjs`, code);
compile();
await keepReplaced();
await put("worker.mjs", entry());
await removeFormer();

/** Renamed into place when it is whole: an agent may start, and another build may run, at any moment. */
async function put(file, content) {
  const unfinished = join(folder, `${file}.${process.pid}.tmp`);
  await writeFile(unfinished, content);
  await rename(unfinished, join(folder, file));
}

/** The machine code beside it belongs to this very script, by its name; another version of Node compiles anew. */
function entry() {
  return `import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { constants, Script } from "node:vm";

const filename = fileURLToPath(new URL("${name}.cjs", import.meta.url));
let cachedData;
try {
  cachedData = readFileSync(new URL("${name}.code", import.meta.url));
} catch {
  // it only saves time
}
const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const script = new Script(readFileSync(filename, "utf8"), { filename, cachedData, importModuleDynamically });
script.runInThisContext()(createRequire(filename), { exports: {} }, {});
`;
}

/** Keeps what V8 made of the script by the time that an agent has asked its model: a third of an agent's start. */
function compile() {
  const script = join(folder, `${name}.cjs`);
  const { status, stderr } = spawnSync(process.execPath, [join(here, "compile.mjs"), script], {
    input: "",
    encoding: "utf8",
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`the worker's code could not be kept: ${stderr}`);
}

/** What is replaced now counts as new: an agent may just have read its entry. */
async function keepReplaced() {
  const former = /worker-[0-9a-f]{12}/.exec(
    await readFile(join(folder, "worker.mjs"), "utf8").catch(() => ""),
  );
  if (former === null || former[0] === name) return;
  const now = new Date();
  for (const kind of ["cjs", "code"])
    await utimes(join(folder, `${former[0]}.${kind}`), now, now).catch(ignoreMissing);
}

async function removeFormer() {
  for (const file of await readdir(folder)) {
    const isUnfinished = file.endsWith(".tmp");
    if (!isUnfinished && (!/^worker-[0-9a-f]{12}\./.test(file) || file.startsWith(name))) continue;
    const found = await stat(join(folder, file)).catch(ignoreMissing);
    if (found !== undefined && Date.now() - found.mtimeMs > KEPT_MS)
      await rm(join(folder, file), { force: true });
  }
}

/** Another build was faster. */
function ignoreMissing(error) {
  if (error.code !== "ENOENT") throw error;
}
