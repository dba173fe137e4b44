import { spawn } from "node:child_process";
import { CliError, EXIT } from "../exit.ts";

/** What npm gets of the environment: where it finds things and its own settings, and no key of anybody's. */
const PASSED = /^(?:PATH|HOME|LANG|TMPDIR|NODE_EXTRA_CA_CERTS|npm_config_.*|(?:https?|no)_proxy)$/i;
const SHOWN_CHARACTERS = 2_000;

export interface NpmOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
}

/** Runs npm to its end. @throws CliError with its last words */
export async function runNpm(args: readonly string[], { cwd, env, signal }: NpmOptions): Promise<void> {
  const passed = Object.fromEntries(Object.entries(env).filter(([name]) => PASSED.test(name)));
  const child = spawn("npm", [...args], { cwd, env: passed, signal, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-SHOWN_CHARACTERS);
    });
  }
  const why = await new Promise<string | null>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code) => resolve(code === 0 ? null : `it ended with code ${String(code)}`));
  });
  if (why === null) return;
  signal.throwIfAborted();
  throw new CliError(EXIT.failure, `npm ${args[0] ?? ""} failed: ${why}`, { hints: said.trim().split("\n") });
}
