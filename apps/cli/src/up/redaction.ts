import { type Config, heldSecrets } from "@mosaic/config";
import { createRedaction } from "@mosaic/secrets";

/** Takes what this installation holds, and what looks like a secret, out of text. */
export function redactionOf(config: Config, serviceToken?: string): (text: string) => string {
  return createRedaction(heldSecrets(config, serviceToken));
}
