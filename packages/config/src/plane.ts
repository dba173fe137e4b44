import { type Config, ConfigError, loadConfig } from "./load.ts";

/** How the `main.ts` of a plane starts: with its configuration and the token among the planes, or with a reason why not. */
export interface PlaneStart {
  readonly config: Config;
  /** MOSAIC_SERVICE_TOKEN, or MOSAIC_ADMIN_TOKEN. */
  readonly token: string;
}

/**
 * Reads what a plane that runs as a process of its own needs.
 * @param why what the plane needs the token for, for people
 * @returns the start, or the sentence to refuse it with
 */
export function readPlaneStart(
  env: Readonly<Record<string, string | undefined>>,
  why: string,
): PlaneStart | string {
  try {
    const config = loadConfig(env);
    const token = config.serviceToken ?? config.adminToken;
    return token === undefined
      ? `MOSAIC_SERVICE_TOKEN or MOSAIC_ADMIN_TOKEN must be set: ${why}`
      : { config, token };
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
