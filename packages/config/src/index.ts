export { heldSecrets } from "./held-secrets.ts";
export { ConfigError, loadConfig, type Config } from "./load.ts";
export { configurationReference } from "./reference.ts";
export { sandboxOptions } from "./sandbox-options.ts";
export { readPlaneStart, type PlaneStart } from "./plane.ts";
