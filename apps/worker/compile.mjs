// Runs the bundled worker until it has asked a model that is not there, and writes down what V8 has compiled by then.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { PassThrough } from "node:stream";
import { constants, Script } from "node:vm";

const [, , filename] = process.argv;
const stdin = new PassThrough();
Object.defineProperty(process, "stdin", { value: stdin });
const say = (message) => stdin.write(`${JSON.stringify(message)}\n`);
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = (text) => {
  const { type } = JSON.parse(text);
  if (type === "ready") say({ type: "prompt", text: "Go." });
  if (type === "turn_end") keep();
  return true;
};
process.on("exit", (code) => code === 0 || write(`it ended with ${code}\n`));

const importModuleDynamically = constants.USE_MAIN_CONTEXT_DEFAULT_LOADER;
const script = new Script(readFileSync(filename, "utf8"), { filename, importModuleDynamically });
script.runInThisContext()(createRequire(filename), { exports: {} }, {});
say({
  type: "start",
  model: "none",
  system: "",
  socketPath: "/nowhere",
  workdir: "/",
  maxTokens: 1,
  maxTurns: 1,
  maxToolOutputBytes: 1,
  streamRetries: 0,
  mcpServers: [],
});

function keep() {
  const code = filename.replace(/\.cjs$/, ".code");
  writeFileSync(`${code}.${process.pid}.tmp`, script.createCachedData());
  renameSync(`${code}.${process.pid}.tmp`, code);
  process.exit(0);
}
