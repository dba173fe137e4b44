/**
 * `refused`: the call broke a rule of ours and nothing was started. `unavailable`: git cannot be started.
 * `failed`: an exit code the call did not expect. `input`: what should be written to it broke off.
 */
export type GitErrorKind = "refused" | "unavailable" | "failed" | "timeout" | "output_limit" | "input";

const USER_INFORMATION = /([a-z][a-z0-9+.-]*:\/\/)[^/@\s]*@/gi;

export interface GitErrorFacts {
  readonly kind: GitErrorKind;
  readonly command: string;
  readonly code?: number | null;
  /** The tail of what git wrote. */
  readonly stderr?: string;
}

/** A git process that did not do what it was asked. Its text never carries user information of an URL. */
export class GitError extends Error {
  readonly kind: GitErrorKind;
  readonly command: string;
  /** Exit code, or null when there is none. */
  readonly code: number | null;
  readonly stderr: string;

  constructor(message: string, facts: GitErrorFacts, options?: ErrorOptions) {
    super(withoutUserInformation(message), options);
    this.name = "GitError";
    this.kind = facts.kind;
    this.command = facts.command;
    this.code = facts.code ?? null;
    this.stderr = withoutUserInformation(facts.stderr ?? "");
  }
}

/** A remote may not be used from here. Says why and what to do. */
export class RemoteRefusedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RemoteRefusedError";
  }
}

/** git's own words for a failure, shortened to the lines that say why; falls back to the last line, then to ''. */
export function reasonOf(stderr: string): string {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const telling = lines.filter((line) => /^(?:fatal|error|remote|ssh|!)\b|^!|denied|rejected/i.test(line));
  const chosen = telling.length > 0 ? telling : lines.slice(-1);
  return withoutUserInformation(
    chosen
      .slice(0, 4)
      .map((line) => line.replace(/^(?:fatal|error): /, ""))
      .join("; "),
  ).slice(0, 600);
}

function withoutUserInformation(text: string): string {
  return text.replaceAll(USER_INFORMATION, "$1");
}
