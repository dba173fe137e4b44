export { ConfigError, loadConfig, type Config } from "./load.ts";
export { configurationReference } from "./reference.ts";
