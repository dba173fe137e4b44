// Runs inside a sandbox without network: egress-relay.mjs <socket> -- <command> [argument …]
// Listens on a free port of the sandbox's own loopback, forwards each connection to the mounted unix socket of the
// egress proxy, and runs the command with that port as its HTTPS proxy. Ends with the command, and as it did.
import { spawn } from "node:child_process";
import { connect, createServer } from "node:net";
import { constants } from "node:os";

const [socketPath, separator, command, ...rest] = process.argv.slice(2);
if (separator !== "--" || command === undefined) {
  process.stderr.write("usage: egress-relay.mjs <socket> -- <command> [argument …]\n");
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
  const proxy = `http://127.0.0.1:${server.address().port}`;
  const env = {
    // oxlint-disable-next-line node/no-process-env -- handing the environment on is what it is for
    ...process.env,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    npm_config_https_proxy: proxy,
    // The sandbox's own loopback, where some programs have their way to the model.
    NO_PROXY: "localhost,127.0.0.1,::1",
    no_proxy: "localhost,127.0.0.1,::1",
  };
  const child = spawn(command, rest, { env, stdio: "inherit" });
  child.once("error", (error) => {
    process.stderr.write(`${command}: ${error.message}\n`);
    process.exit(127);
  });
  child.once("exit", (code, signal) => {
    process.exit(code ?? 128 + constants.signals[signal]);
  });
});
