import { homedir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { ConfigError, type Config, loadConfig } from "@mosaic/config";
import { FolderLockedError, StoreUnavailableError } from "@mosaic/store";
import { createLogger } from "@mosaic/telemetry";
import closeWithGrace from "close-with-grace";
import { CliError, EXIT } from "../exit.ts";
import { cleanLine } from "../terminal/clean.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { version } from "../version.ts";
import { createLogFile, type LogFile } from "./log-file.ts";
import { type Planes, PortTakenError, startPlanes } from "./planes.ts";
import { portOwner } from "./port-owner.ts";
import { redactionOf } from "./redaction.ts";
import { upLines } from "./up-lines.ts";

/** Closing takes this much longer than the grace of running agents, in milliseconds; then the process is ended. */
const CLOSE_MS = 20_000;

/**
 * `mosaic up`: the three planes in this process. Resolves when they serve; a signal stops them (exit 0).
 * @throws CliError when they cannot
 */
export async function up(
  terminal: Terminal,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const config = readConfig(env);
  const log = createLogFile(config.home);
  const planes = await start(config, log);
  keepYoungSmall();
  stopOnSignal({ terminal, config, planes, log });
  if (terminal.json) terminal.jsonLine(ready(planes));
  for (const warning of planes.warnings) terminal.warn(cleanLine(warning));
  const facts = { version, logFile: log.path, defaultHome: join(homedir(), ".mosaic") };
  for (const line of upLines(planes, facts)) terminal.say(line);
}

/**
 * From now on the part of the heap for young objects does not grow, which V8 lets come to 2 x 16 MB: a server that mostly
 * waits has no use for it (318 MB with ten agents; 274 without). V8 reads the flag at each growth; set before the start,
 * which makes much that is young, it costs 40 ms.
 */
function keepYoungSmall(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
}

function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  try {
    return loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CliError(EXIT.failure, "the configuration is not valid; nothing was started", {
      hints: error.problems,
    });
  }
}

async function start(config: Config, log: LogFile): Promise<Planes> {
  const logger = createLogger({
    name: "mosaic",
    level: config.logLevel,
    redact: redactionOf(config),
    destination: log,
  });
  try {
    return await startPlanes({ config, logger });
  } catch (error) {
    if (error instanceof FolderLockedError) throw new CliError(EXIT.failure, error.message, { cause: error });
    const unusable = unusableFolder(error, config.home);
    if (unusable !== null) throw unusable;
    if (error instanceof PortTakenError) throw await portTaken(error);
    throw error;
  }
}

/** The file system's own refusals of the data folder. */
const FOLDER_ERRORS: Readonly<Record<string, string>> = {
  EROFS: "it is on a read-only file system",
  EACCES: "this user may not write to it",
  EPERM: "this user may not change it",
  ENOSPC: "its disk is full",
  EDQUOT: "this user's share of its disk is full",
  EIO: "its disk reports an error",
};

/** A data folder that cannot be used is a person's to mend, and no fault of ours. Null for any other error. */
function unusableFolder(error: unknown, home: string): CliError | null {
  if (error instanceof StoreUnavailableError && error.code !== "internal")
    return new CliError(EXIT.failure, error.message, { cause: error });
  const { code = "", message } = error instanceof Error ? (error as NodeJS.ErrnoException) : { message: "" };
  // SQLite names the lock file's trouble by a number of its own.
  const sqlite = (error as { errcode?: number } | null)?.errcode;
  const why = FOLDER_ERRORS[code] ?? (sqlite === undefined ? undefined : SQLITE_ERRORS[sqlite & 0xff]);
  if (why === undefined) return null;
  return new CliError(EXIT.failure, `the data folder ${home} cannot be used: ${why} (${message})`, {
    hints: ["Nothing was started. Mend the folder, or choose another one with MOSAIC_HOME."],
    cause: error,
  });
}

/** sqlite.org/rescode.html */
const SQLITE_ERRORS: Readonly<Record<number, string>> = {
  8: "it is on a read-only file system",
  10: "its disk reports an error",
  13: "its disk is full",
  14: "this user may not write to it",
};

async function portTaken(error: PortTakenError): Promise<CliError> {
  const owner = await portOwner(error.port);
  const who =
    owner === null
      ? `See who has it: ss -ltnp 'sport = :${error.port}'`
      : `Process ${owner.pid} (${cleanLine(owner.name)}) has it; look at it with: ps -fp ${owner.pid}`;
  return new CliError(EXIT.failure, error.message, {
    hints: [who, "Ports are set by ORCHESTRATOR_PORT, COORDINATOR_PORT and API_PORT; 0 takes a free one."],
    cause: error,
  });
}

/** The first signal stops gracefully, the second one at once; sandboxes end with this process either way. */
function stopOnSignal(running: { terminal: Terminal; config: Config; planes: Planes; log: LogFile }): void {
  const { terminal, config, planes, log } = running;
  const delay = config.shutdownGrace * 1000 + CLOSE_MS;
  const logger = { error: (problem: unknown) => terminal.fail(cleanLine(String(problem)), []) };
  closeWithGrace({ delay, logger }, async ({ signal, err }) => {
    if (err) terminal.fail(`mosaic fails: ${cleanLine(err.message)}`, [`The log says more: ${log.path}`]);
    terminal.say(
      `${signal ?? "failure"}: stopping; running agents get ${config.shutdownGrace} s, a second Ctrl-C ends them at once`,
    );
    await planes.close();
    log.close();
    terminal.say("stopped");
  });
}

/** What `mosaic up --json` prints once, when the planes serve. */
function ready(planes: Planes): Record<string, unknown> {
  const { home, orchestrator, coordinator, api, tokenFile, model, warnings } = planes;
  return {
    version,
    home,
    orchestratorUrl: orchestrator.url,
    coordinatorUrl: coordinator.url,
    apiUrl: api.url,
    tokenFile,
    model,
    warnings,
  };
}
