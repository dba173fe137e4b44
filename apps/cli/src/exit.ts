/** Exit codes; `mosaic help exit-codes` prints them, and scripts depend on them. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  cancelled: 3,
  auth: 4,
  agentFailed: 5,
  unreachable: 6,
  interrupted: 130,
} as const;

/** What each exit code means, for the help page and the README. */
export const EXIT_MEANINGS: readonly (readonly [number, string])[] = [
  [EXIT.ok, "done"],
  [EXIT.failure, "it failed; the message says why"],
  [EXIT.usage, "the command line is wrong"],
  [EXIT.cancelled, "you cancelled it"],
  [EXIT.auth, "a token is missing, refused, or not allowed to do this"],
  [EXIT.agentFailed, "the agent that was followed ended unsuccessfully"],
  [EXIT.unreachable, "the server cannot be reached"],
  [EXIT.interrupted, "interrupted with Ctrl-C; an agent that was followed goes on"],
];

/** Ends the command with a message for people. `hints` are further lines: details, or what to do. */
export class CliError extends Error {
  readonly exitCode: number;
  readonly hints: readonly string[];

  constructor(
    exitCode: number,
    message: string,
    options: { hints?: readonly string[]; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CliError";
    this.exitCode = exitCode;
    this.hints = options.hints ?? [];
  }
}

/** The command line is wrong. */
export function usageError(message: string, ...hints: string[]): CliError {
  return new CliError(EXIT.usage, message, { hints });
}
