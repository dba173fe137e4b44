import { createClient, type Client } from "@mosaic/client";
import { orchestratorRoutes } from "@mosaic/contracts";
import { CliError, EXIT, usageError } from "../exit.ts";
import { readToken, TOKEN_FILE } from "./token.ts";

export type OrchestratorClient = Client<typeof orchestratorRoutes>;

export const DEFAULT_URL = "http://127.0.0.1:3001";

export interface Address {
  /** Without a slash at the end. */
  readonly url: string;
  /** False for the default. */
  readonly chosen: boolean;
}

/** Where the orchestrator is: --url, MOSAIC_URL, or the default. @throws CliError (exit 2) for what is not http(s) */
export function readAddress(flag: string | undefined, fromEnv: string | undefined): Address {
  const [source, text] = flag === undefined ? ["MOSAIC_URL", fromEnv?.trim() ?? ""] : ["--url", flag.trim()];
  if (text === "" && flag === undefined) return { url: DEFAULT_URL, chosen: false };
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw usageError(
      `${source} must be an http:// or https:// address, not '${text}'`,
      `For example: ${DEFAULT_URL}`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    throw usageError(`${source} must not carry a user name or password`, "Put the token into MOSAIC_TOKEN.");
  }
  return { url: `${url.origin}${url.pathname}`.replace(/\/+$/, ""), chosen: true };
}

/** A client without a token, for what is open to anyone. */
export function connectAnonymously(address: Address): OrchestratorClient {
  return createClient({ baseUrl: address.url, routes: orchestratorRoutes });
}

/**
 * A client with the token that fits.
 * @throws CliError (exit 4) without a token, UnreachableError when nobody is there, which then is the better answer
 */
export async function connect(options: {
  readonly address: Address;
  readonly token: string | undefined;
  readonly home: string;
  readonly signal: AbortSignal;
}): Promise<OrchestratorClient> {
  const { address, home, signal } = options;
  const token = await readToken({ fromEnv: options.token, home, url: address.url });
  if (token === null) {
    await connectAnonymously(address).call("health", undefined, { signal });
    throw new CliError(EXIT.auth, `there is no token for ${address.url}`, {
      hints: [
        `\`mosaic up\` makes one at its first start and keeps it in ${home}/${TOKEN_FILE}.`,
        "If the server keeps its data elsewhere, set MOSAIC_HOME to that folder, or MOSAIC_TOKEN to a token.",
      ],
    });
  }
  return createClient({ baseUrl: address.url, token, routes: orchestratorRoutes });
}
