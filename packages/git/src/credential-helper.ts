import { lstat } from "node:fs/promises";
import type { ConfigPair } from "./environment.ts";
import { RemoteRefusedError } from "./errors.ts";
import { shellQuote } from "./shell-quote.ts";

/** How to log in to one https host. */
export interface HttpsCredential {
  /** Lower-cased host, without a port. */
  readonly host: string;
  /** For example `x-access-token`. */
  readonly username: string;
  /** Absolute path of a file (mode 0600) whose first line is the token or password. */
  readonly tokenFile: string;
}

/**
 * Configuration that makes git read the token itself, through a pipe, from the file, and only for this origin. The
 * token is in no argument, no environment and no configuration (measured: research note "sandbox and git", 4.2).
 * @throws RemoteRefusedError when others may read the file
 */
export async function credentialConfig(
  origin: string,
  credential: HttpsCredential,
): Promise<readonly ConfigPair[]> {
  await checkSecretFile(credential.tokenFile);
  const file = shellQuote(credential.tokenFile);
  // `printf` and `echo` write only constants; the secret goes from file to pipe through `head`.
  const helper = `!f() { test "$1" = get || exit 0; printf password=; head -n 1 ${file}; }; f`;
  return [
    [`credential.${origin}.username`, credential.username],
    [`credential.${origin}.helper`, helper],
  ];
}

/** @throws RemoteRefusedError unless it is a regular file that only its owner may read */
export async function checkSecretFile(path: string): Promise<void> {
  const stat = await lstat(path).catch((error: unknown) => {
    throw new RemoteRefusedError(`the credential file ${path} cannot be read; create it with mode 0600`, {
      cause: error,
    });
  });
  if (!stat.isFile()) throw new RemoteRefusedError(`the credential file ${path} is not a regular file`);
  if ((stat.mode & 0o077) !== 0) {
    throw new RemoteRefusedError(`others may read the credential file ${path}; run: chmod 600 ${path}`);
  }
}
