import type { Git } from "./run.ts";

/** `merge-tree --write-tree` came with it. */
export const MINIMUM_GIT_VERSION = "2.38";

export interface GitVersion {
  /** As git says it, for example `2.39.5`. */
  readonly version: string;
  readonly ok: boolean;
  /** What to do when it is not. */
  readonly detail: string;
}

/** Which git is installed and whether it is new enough. @throws GitError when it cannot be started */
export async function gitVersion(git: Git, signal?: AbortSignal): Promise<GitVersion> {
  const { stdout } = await git.run({ command: "version", signal });
  const version = /\d+\.\d+(?:\.\d+)?/.exec(stdout.toString())?.[0] ?? "unknown";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [needMajor = 0, needMinor = 0] = MINIMUM_GIT_VERSION.split(".").map(Number);
  const ok = major > needMajor || (major === needMajor && minor >= needMinor);
  return {
    version,
    ok,
    detail: ok ? `git ${version}` : `git ${version} is too old; install git ${MINIMUM_GIT_VERSION} or newer`,
  };
}
