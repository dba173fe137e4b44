import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const MOSAIC = fileURLToPath(new URL("../apps/cli/bin/mosaic.mjs", import.meta.url));

/** Runs the real CLI once, with nothing of this process's environment but the PATH. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: number; readonly printed: string }> {
  return new Promise((resolve) => {
    const options = { env: { PATH: process.env["PATH"], ...env }, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [MOSAIC, ...args], options, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error === null ? 0 : -1;
      resolve({ code, printed: stdout + stderr });
    });
  });
}
