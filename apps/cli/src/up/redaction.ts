import type { Config } from "@mosaic/config";
import { createRedaction } from "@mosaic/secrets";

/** Takes what this installation holds, and what looks like a secret, out of text. */
export function redactionOf(config: Config, serviceToken?: string): (text: string) => string {
  return createRedaction({ apiKey: config.apiKey, adminToken: config.adminToken, serviceToken });
}
