import { AttemptFailure, type Repository } from "@mosaic/domain";
import { GitError, reasonOf } from "@mosaic/git";
import { setTimeout as pause } from "node:timers/promises";
import type { GitContext } from "./context.ts";
import { RepositoryUnreachableError, type Pushed, type PushOptions, type Workspace } from "./port.ts";
import { branchRef, listRefs, pushedRef, setRef } from "./refs.ts";
import { asUnreachable } from "./remote-failure.ts";
import { remoteHead } from "./resolve-branch.ts";

interface PushRequest {
  readonly repository: Repository;
  readonly workspace: Workspace;
  readonly commit: string;
}

/**
 * Pushes exactly the commit that the workspace's branch is at, only over what we ourselves pushed there before, and
 * believes the remote's ref rather than the answer: a push whose answer was lost has happened.
 * @throws AttemptFailure `push`; the signal's reason; what `beforeSending` throws
 */
export async function pushCommit(
  context: GitContext,
  request: PushRequest,
  options: PushOptions = {},
): Promise<Pushed> {
  const { repository, workspace, commit } = request;
  const { mirror, branch, agentId } = workspace;
  const { signal } = options;
  const refs = await listRefs(context.git, mirror, [branchRef(branch), pushedRef(agentId)]);
  const at = (ref: string): string | null => refs.find(({ name }) => name === ref)?.objectId ?? null;
  if (at(branchRef(branch)) !== commit) {
    throw new AttemptFailure(
      "push",
      `${commit} is not what was committed to '${branch}'; nothing was pushed`,
    );
  }
  const refusal = await send(context, request, { ...options, expected: at(pushedRef(agentId)) ?? "" });
  context.reach("push.sent");
  const found = await readBack(context, request, signal).catch((error: unknown) => {
    if (!(error instanceof RepositoryUnreachableError)) throw error;
    const why = refusal ?? `the push was accepted, but could not be verified: ${error.message}`;
    throw new AttemptFailure("push", why, { cause: error });
  });
  if (found !== commit) {
    const why = refusal ?? `the remote's '${branch}' is at ${found ?? "nothing"} after the push`;
    throw new AttemptFailure("push", why, { details: { branch, commit, remote: found } });
  }
  await setRef(context, mirror, { ref: pushedRef(agentId), commit });
  return { branch, commit, remote: repository.url };
}

/** Tries the push; answers with the reason when git or the remote refused it. */
async function send(
  { git, remotes, limits, reach }: GitContext,
  { repository, workspace, commit }: PushRequest,
  { expected, signal, beforeSending }: PushOptions & { readonly expected: string },
): Promise<string | null> {
  const ref = branchRef(workspace.branch);
  try {
    const remote = await remotes.open(repository);
    reach("push.ready");
    await beforeSending?.();
    const { code, stdout, stderr } = await git.run({
      command: "push",
      gitDir: workspace.mirror,
      options: ["--porcelain", "--no-verify", "--no-follow-tags", `--force-with-lease=${ref}:${expected}`],
      values: [remote.url, `${commit}:${ref}`],
      remote,
      timeoutMs: limits.networkMs,
      signal,
      accept: [0, 1],
    });
    return code === 0 ? null : `the remote refused the push: ${reasonOf(`${stderr}\n${stdout.toString()}`)}`;
  } catch (error) {
    const failure = asUnreachable(error);
    if (!(failure instanceof RepositoryUnreachableError)) throw failure;
    const why = error instanceof GitError ? reasonOf(error.stderr) || error.message : failure.message;
    return `the push failed: ${why}`;
  }
}

async function readBack(
  context: GitContext,
  { repository, workspace }: PushRequest,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  let failure: unknown;
  for (const delay of context.limits.readBackPausesMs) {
    if (delay > 0) await pause(delay);
    signal?.throwIfAborted();
    try {
      return await remoteHead(context, repository, { branch: workspace.branch, signal });
    } catch (error) {
      if (!(error instanceof RepositoryUnreachableError)) throw error;
      failure = error;
    }
  }
  throw failure;
}
