import { BUILD_TOOLS, OBSERVABILITY } from "./build-tools.ts";
import { type Case, cut } from "./case.ts";
import { CODE_HOSTS } from "./code-hosts.ts";
import { KEYS_AND_NAMES } from "./keys-and-names.ts";
import { MESSAGING } from "./messaging.ts";
import { MODELS_AND_CLOUDS } from "./models-and-clouds.ts";
import { PLATFORMS } from "./platforms.ts";
import { COMMERCE, WORK_TOOLS } from "./work-tools.ts";

/** A case with one look-alike gets another: its first secret, cut short. */
function completed(one: Case): Case {
  return one.lookalikes.length > 1
    ? one
    : { ...one, lookalikes: [...one.lookalikes, ...one.secrets.slice(0, 1).map(cut)] };
}

/**
 * A secret and look-alikes of every content rule. The texts are put together when this is loaded: nothing in this
 * repository looks like a secret.
 */
export const CORPUS: readonly Case[] = [
  ...MODELS_AND_CLOUDS,
  ...CODE_HOSTS,
  ...MESSAGING,
  ...PLATFORMS,
  ...BUILD_TOOLS,
  ...OBSERVABILITY,
  ...WORK_TOOLS,
  ...COMMERCE,
  ...KEYS_AND_NAMES,
].map(completed);
