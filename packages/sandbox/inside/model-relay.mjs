// Runs inside a sandbox without network: model-relay.mjs --socket=<path> [--stdin=<file>] -- <command> [argument …]
// Listens on a free port of the sandbox's own loopback, forwards each connection to the mounted unix socket of the model
// gateway, and runs the command, in whose arguments and environment `{{gateway}}` becomes that address. Ends with the
// command, and as it did. With --stdin the command reads that file instead, and is asked to stop (SIGTERM to all that it
// started in its group) when our own standard input ends.
import { spawn } from "node:child_process";
import { openSync } from "node:fs";
import { connect, createServer } from "node:net";
import { constants } from "node:os";

const end = process.argv.indexOf("--");
const options = new Map(process.argv.slice(2, end).map((word) => word.split(/=(.*)/s, 2)));
const [command, ...rest] = process.argv.slice(end + 1);
const socketPath = options.get("--socket");
if (end < 0 || socketPath === undefined || command === undefined) {
  process.stderr.write("usage: model-relay.mjs --socket=<path> [--stdin=<file>] -- <command> [argument …]\n");
  process.exit(64);
}

const server = createServer((inner) => {
  const outer = connect(socketPath);
  inner.on("error", () => outer.destroy());
  outer.on("error", () => inner.destroy());
  inner.on("close", () => outer.destroy());
  outer.on("close", () => inner.destroy());
  inner.pipe(outer);
  outer.pipe(inner);
});

server.listen(0, "127.0.0.1", () => {
  const gateway = `http://127.0.0.1:${server.address().port}`;
  const fill = (text) => text.replaceAll("{{gateway}}", gateway);
  // oxlint-disable-next-line node/no-process-env -- handing the environment on is what it is for
  const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, fill(value)]));
  const file = options.get("--stdin");
  const child = spawn(command, rest.map(fill), {
    env,
    stdio: [file === undefined ? "inherit" : openSync(file, "r"), "inherit", "inherit"],
    // A group of its own, so that a signal reaches what it started, and not us.
    detached: file !== undefined,
  });
  child.once("error", (error) => {
    process.stderr.write(`${command}: ${error.message}\n`);
    process.exit(127);
  });
  child.once("exit", (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal]);
  });
  if (file === undefined) return;
  process.stdin.resume().once("end", () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
    } catch {
      // It ended by itself at the same time, which is told above.
    }
  });
});
