export type ConfigPair = readonly [key: string, value: string];

/** Faults old histories are full of and that harm nobody: without these lines, much of what people have cannot be fetched. */
const TOLERATED_IN_OLD_HISTORY = [
  "badTimezone",
  "missingSpaceBeforeDate",
  "missingNameBeforeEmail",
  "zeroPaddedFilemode",
] as const;

/**
 * Configuration that takes every known way to run code or to leave the path out of git's hands. What each line
 * stops was tried out: research note "sandbox and git", section 4.1.
 */
export function hardenedConfig(): readonly ConfigPair[] {
  return [
    ["core.hooksPath", "/dev/null"],
    ["core.fsmonitor", "false"],
    ["core.attributesFile", "/dev/null"],
    ["core.excludesFile", "/dev/null"],
    ["core.untrackedCache", "false"],
    ["core.pager", "cat"],
    ["diff.ignoreSubmodules", "all"],
    ["submodule.recurse", "false"],
    ["fetch.recurseSubmodules", "false"],
    ["push.recurseSubmodules", "no"],
    ["protocol.allow", "never"],
    // An empty value forgets every helper that was configured before.
    ["credential.helper", ""],
    ["http.followRedirects", "false"],
    // A server that sends less than this for so many seconds is given up.
    ["http.lowSpeedLimit", "1000"],
    ["http.lowSpeedTime", "60"],
    ["transfer.fsckObjects", "true"],
    ...TOLERATED_IN_OLD_HISTORY.map((fault): ConfigPair => [`fetch.fsck.${fault}`, "ignore"]),
    ["safe.bareRepository", "explicit"],
    // A mirror's objects are borrowed by others: nothing may prune them behind our back.
    ["gc.auto", "0"],
    ["maintenance.auto", "false"],
    // As many as there are cores: sequential checkout is 4 to 8 times slower (same note, section 1.6).
    ["checkout.workers", "0"],
    // Other short operations of ours on the same repository: wait for them instead of failing. Milliseconds.
    ["core.filesRefLockTimeout", "10000"],
    ["core.packedRefsTimeout", "10000"],
  ];
}

/** The whole environment of a git process: nothing is inherited. `home` must be an empty folder. */
export function hardenedEnvironment(options: { home: string; path: string }): Record<string, string> {
  return {
    PATH: options.path,
    HOME: options.home,
    LC_ALL: "C",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_ASKPASS: "false",
    SSH_ASKPASS: "false",
    GIT_EDITOR: "false",
    GIT_PAGER: "cat",
    GIT_ALLOW_PROTOCOL: "",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_NO_LAZY_FETCH: "1",
    GIT_LITERAL_PATHSPECS: "1",
  };
}

/** The same configuration as environment variables, for git processes that we do not start ourselves. */
export function configEnvironment(pairs: readonly ConfigPair[]): Record<string, string> {
  const env: Record<string, string> = { GIT_CONFIG_COUNT: String(pairs.length) };
  for (const [index, [key, value]] of pairs.entries()) {
    env[`GIT_CONFIG_KEY_${index}`] = key;
    env[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return env;
}
