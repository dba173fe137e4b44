import { RE2JS } from "re2js";

/** What a person has told git-secrets (`git secrets --add`), kept in git's configuration. */
export interface GitSecretsConfig {
  /** `secrets.patterns`: extended regular expressions of what must not be committed. */
  readonly patterns: readonly string[];
  /** `secrets.allowed`: what is let pass, matched against `path:line:text`. */
  readonly allowed: readonly string[];
}

export interface GitSecretsRules {
  /** 1-based lines of a text that a prohibited pattern matches. */
  prohibitedLines(text: string): readonly number[];
  /** Whether a line was let pass. */
  isAllowed(path: string, line: number, text: string): boolean;
}

/** A pattern that cannot be understood; nothing may pass unlooked at because of it. */
export class PatternError extends Error {
  constructor(pattern: string, options: ErrorOptions) {
    super(
      `the pattern '${pattern}' of git's configuration (secrets.patterns, secrets.allowed) is not understood: extended regular expressions without back references are`,
      options,
    );
    this.name = "PatternError";
  }
}

/**
 * The rules of git-secrets, matched as it does: prohibited patterns as whole words, line by line (`grep -w -E`), here in
 * linear time. @throws PatternError
 */
export function createGitSecretsRules({ patterns, allowed }: GitSecretsConfig): GitSecretsRules {
  const prohibited = patterns.map((pattern) =>
    compile(pattern, `(?:^|[^A-Za-z0-9_])(?:${pattern})(?:[^A-Za-z0-9_]|$)`),
  );
  const passes = allowed.map((pattern) => compile(pattern, pattern));
  const matches = (pattern: RE2JS, text: string): boolean => pattern.matcher(text).find();
  return {
    prohibitedLines: (text) =>
      prohibited.length === 0
        ? []
        : text
            .split("\n")
            .flatMap((line, index) =>
              prohibited.some((pattern) => matches(pattern, line)) ? [index + 1] : [],
            ),
    isAllowed: (path, line, text) => passes.some((pattern) => matches(pattern, `${path}:${line}:${text}`)),
  };
}

function compile(given: string, whole: string): RE2JS {
  try {
    return RE2JS.compile(whole);
  } catch (cause) {
    throw new PatternError(given, { cause });
  }
}
