import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { EXIT } from "./exit.ts";
import { runCommandLine } from "./run-command-line.ts";
import { version } from "./version.ts";

/** The first Ctrl-C aborts what is going on; the second one ends the process whatever happens. */
function takeOverInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.on("SIGINT", () => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted);
    controller.abort();
  });
  return controller.signal;
}

/** A reader that has had enough (`| head`) is no error. */
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(EXIT.ok);
    throw error;
  });
}

process.exitCode = await runCommandLine({
  argv: process.argv.slice(2),
  self: process.argv.slice(0, 2),
  env: process.env,
  streams: process,
  cwd: process.cwd(),
  homeDir: homedir(),
  version,
  now: Date.now,
  randomText: () => randomBytes(3).toString("hex"),
  onInterrupt: takeOverInterrupt,
  up: async (terminal) => {
    const { up } = await import("./up/up.ts");
    await up(terminal, process.env);
  },
});
