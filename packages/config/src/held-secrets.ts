import type { Config } from "./load.ts";

type Held = Pick<Config, "apiKey" | "adminToken" | "valkeyUrl" | "databaseUrl">;

/** Shorter values would be found in ordinary text. */
const SHORTEST = 8;

/**
 * The secrets that a process holds by its configuration, by name: what is looked for in agents' work and taken out of
 * everything that is written. @param serviceToken of the planes among each other
 */
export function heldSecrets(
  config: Held,
  serviceToken?: string,
): Readonly<Record<string, string | undefined>> {
  return {
    apiKey: config.apiKey,
    adminToken: config.adminToken,
    serviceToken,
    valkeyPassword: passwordOf(config.valkeyUrl),
    databasePassword: passwordOf(config.databaseUrl),
  };
}

function passwordOf(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const password = decodeURIComponent(new URL(url).password);
  return password.length < SHORTEST ? undefined : password;
}
