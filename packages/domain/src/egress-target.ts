/** A place on the network that something inside a sandbox may reach. */
export interface EgressTarget {
  /** A host name in lower case with at least one dot. */
  readonly host: string;
  readonly port: number;
}

/**
 * The one form that is accepted, so that no two parsers can read a name differently: letters, digits, hyphens and dots,
 * a last label that is no number (an address is no name), and a port.
 */
const TARGET =
  /^((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?):([1-9]\d{0,4})$/;
/** RFC 1035 2.3.4. */
const LONGEST_NAME = 253;
const LAST_PORT = 65_535;

/** Reads `host:port`; null for everything else, upper case included. */
export function parseEgressTarget(text: string): EgressTarget | null {
  const [, host, digits] = TARGET.exec(text) ?? [];
  if (host === undefined || host.length > LONGEST_NAME) return null;
  const port = Number(digits);
  return port <= LAST_PORT ? { host, port } : null;
}

/**
 * Where models are, with everything below: who reaches one past the gateway can use a key of somebody else's, unmetered,
 * and carry files out through its file storage.
 */
const MODEL_DOMAINS = [
  "anthropic.com",
  "claude.ai",
  "claude.com",
  "openai.com",
  "openai.azure.com",
  "generativelanguage.googleapis.com",
  "aiplatform.googleapis.com",
  "openrouter.ai",
  "mistral.ai",
  "cohere.com",
  "cohere.ai",
  "groq.com",
  "deepseek.com",
  "together.xyz",
  "together.ai",
  "fireworks.ai",
  "perplexity.ai",
  "x.ai",
  "api-inference.huggingface.co",
  "router.huggingface.co",
];
/** Clouds that put the region into the name. */
const REGIONAL_MODEL =
  /^(?:bedrock(?:-[a-z]+)*\.[a-z0-9-]+\.amazonaws\.com|[a-z0-9-]+-aiplatform\.googleapis\.com)$/;

/** Whether a host answers for models. @param upstream the host this installation's models are at, beside the known ones */
export function isModelHost(host: string, upstream?: string): boolean {
  const isBelow = (domain: string): boolean => host === domain || host.endsWith(`.${domain}`);
  return host === upstream || MODEL_DOMAINS.some(isBelow) || REGIONAL_MODEL.test(host);
}
