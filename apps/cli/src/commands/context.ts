import { ApiError } from "@mosaic/client";
import type { Address, OrchestratorClient } from "../connect/connection.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { Terminal } from "../terminal/terminal.ts";

/** What every command works with. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly address: Address;
  /** The data folder (MOSAIC_HOME). */
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Current folder, for relative paths. */
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Short random text for ids people read. */
  readonly randomText: () => string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** A client with the token. @throws CliError (exit 4) */
  connect(): Promise<OrchestratorClient>;
}

/** Says what people should know about the server: sandbox off, scripted model, gates off. */
export async function sayWarnings(context: CommandContext, client: OrchestratorClient): Promise<void> {
  for (const warning of await readWarnings(context, client)) context.terminal.warn(cleanLine(warning));
}

async function readWarnings(context: CommandContext, client: OrchestratorClient): Promise<readonly string[]> {
  if (context.terminal.json) return [];
  try {
    return (await client.call("meta", undefined, { signal: context.signal })).warnings;
  } catch (error) {
    // A token that may spawn but not read still spawns.
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}
