import { readFile } from "node:fs/promises";
import { ConfigError, loadConfig, type Config } from "@mosaic/config";
import type { DistributedPlace, Place } from "@mosaic/store/transfer";
import type { CommandContext } from "../commands/context.ts";
import { CliError, EXIT } from "../exit.ts";

/** An installation, and how it is called in front of people. */
export interface NamedPlace<P extends Place = Place> {
  readonly place: P;
  /** Has nothing of a user or password. */
  readonly name: string;
}

/** The installation that the environment names: PostgreSQL and Valkey, or the data folder. @throws CliError */
export async function readPlace(context: Pick<CommandContext, "env" | "home">): Promise<NamedPlace> {
  const servers = await readServers(context.env);
  if (servers !== null) return servers;
  return { place: { home: context.home }, name: `the data folder ${context.home}` };
}

/** The servers that the environment names. @throws CliError when it names none */
export async function requireServers(env: CommandContext["env"]): Promise<NamedPlace<DistributedPlace>> {
  const servers = await readServers(env);
  if (servers !== null) return servers;
  throw new CliError(EXIT.usage, "VALKEY_URL and DATABASE_URL are not set", {
    hints: [
      "They name the servers of the installation. One without them needs nothing: it looks after its file at every start.",
    ],
  });
}

/** Null when the installation is one without servers. */
export async function readServers(env: CommandContext["env"]): Promise<NamedPlace<DistributedPlace> | null> {
  const { valkeyUrl, valkeyCaFile, databaseUrl } = readConfig(env);
  if (valkeyUrl === undefined || databaseUrl === undefined) return null;
  const valkeyCa = valkeyCaFile === undefined ? undefined : await readCa(valkeyCaFile);
  const [database, valkey] = [new URL(databaseUrl), new URL(valkeyUrl)];
  return {
    place: { valkeyUrl, valkeyCa, databaseUrl },
    name: `PostgreSQL at ${database.host}${database.pathname} and Valkey at ${valkey.host}${valkey.pathname}`,
  };
}

function readConfig(env: CommandContext["env"]): Config {
  try {
    return loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CliError(EXIT.usage, "the configuration is not valid", { hints: error.problems });
  }
}

async function readCa(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw new CliError(EXIT.usage, `VALKEY_CA_FILE cannot be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
