import Anthropic, { type ClientOptions } from "@anthropic-ai/sdk";
import { Agent, fetch as undiciFetch } from "undici";

/**
 * The gateway ends an answer that has gone silent, and refuses a request that waits too long; this is longer than both
 * can be set to together.
 */
const IDLE_MS = 1_800_000;
/** Times the SDK repeats a request that was refused with 408, 409, 429 or 5xx; its own default. */
const API_RETRIES = 2;

/** A client whose every request goes through the unix socket. The key is the gateway's business, so this one is none. */
export function createClient(socketPath: string): Anthropic {
  const dispatcher = new Agent({ connect: { socketPath }, headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS });
  return new Anthropic({
    apiKey: "set-by-the-gateway",
    baseURL: "http://localhost",
    maxRetries: API_RETRIES,
    timeout: IDLE_MS,
    logLevel: "off",
    // undici's own fetch: Node's built-in one is another version, which need not understand this dispatcher.
    fetch: undiciFetch as unknown as typeof fetch,
    fetchOptions: { dispatcher } as unknown as NonNullable<ClientOptions["fetchOptions"]>,
  });
}
