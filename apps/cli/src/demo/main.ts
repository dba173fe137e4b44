import { createTerminal } from "../terminal/terminal.ts";
import { runDemo } from "./run-demo.ts";

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const terminal = createTerminal({ streams: process, env: process.env, json: false, quiet: false });

process.exitCode = await runDemo({ terminal, env: process.env, signal: interrupt.signal, now: Date.now });
