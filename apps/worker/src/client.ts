import Anthropic, { type ClientOptions } from "@anthropic-ai/sdk";
import { Agent, fetch as undiciFetch } from "undici";

/** Silence on an open answer for this long is a broken stream; the API sends a ping far more often. */
const IDLE_MS = 300_000;
/** Times the SDK repeats a request that was refused with 408, 409, 429 or 5xx; its own default. */
const API_RETRIES = 2;

/** A client whose every request goes through the unix socket. The key is the gateway's business, so this one is none. */
export function createClient(socketPath: string): Anthropic {
  const dispatcher = new Agent({ connect: { socketPath }, headersTimeout: IDLE_MS, bodyTimeout: IDLE_MS });
  return new Anthropic({
    apiKey: "set-by-the-gateway",
    baseURL: "http://localhost",
    maxRetries: API_RETRIES,
    logLevel: "off",
    // undici's own fetch: Node's built-in one is another version, which need not understand this dispatcher.
    fetch: undiciFetch as unknown as typeof fetch,
    fetchOptions: { dispatcher } as unknown as NonNullable<ClientOptions["fetchOptions"]>,
  });
}
