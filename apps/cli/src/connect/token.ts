import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { EXIT, CliError } from "../exit.ts";

/** File of the data folder with the token that `mosaic up` made. */
export const TOKEN_FILE = "cli-token";

const noToken = (message: string, ...hints: string[]): CliError =>
  new CliError(EXIT.auth, message, { hints });

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** True when the address is this machine's own. */
export function isLoopback(url: string): boolean {
  return LOOPBACK.test(new URL(url).hostname);
}

/**
 * The token for `url`: MOSAIC_TOKEN, else the file in the data folder. Null when there is neither.
 * The file's token is the admin token of this machine's instance, so it is sent to loopback addresses only.
 * @throws CliError (exit 4) when the file may be read by others or holds nothing
 */
export async function readToken(options: {
  readonly fromEnv: string | undefined;
  readonly home: string;
  readonly url: string;
}): Promise<string | null> {
  const fromEnv = options.fromEnv?.trim() ?? "";
  if (fromEnv !== "") return fromEnv;
  const path = join(options.home, TOKEN_FILE);
  const facts = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw noToken(
      `the token file ${path} cannot be read (${error.code ?? error.message})`,
      "Set MOSAIC_TOKEN instead.",
    );
  });
  if (facts === null) return null;
  if (!isLoopback(options.url)) {
    throw noToken(
      `the token of ${path} belongs to this machine's instance and is not sent to ${new URL(options.url).host}`,
      "Set MOSAIC_TOKEN to a token of that server.",
    );
  }
  if ((facts.mode & 0o077) !== 0) {
    const mode = (facts.mode & 0o777).toString(8).padStart(4, "0");
    throw noToken(
      `the token file ${path} may be read by other users (mode ${mode}), so it is not used`,
      `Make it private: chmod 600 ${path}`,
      "If others can log in here, make a new token, too: they may have read this one.",
    );
  }
  const token = (await readFile(path, "utf8")).trim();
  if (token === "")
    throw noToken(`the token file ${path} is empty`, "Delete it and start `mosaic up` again.");
  return token;
}
