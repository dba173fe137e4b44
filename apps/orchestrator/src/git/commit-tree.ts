import type { GitContext } from "./context.ts";

export interface CommitRequest {
  readonly tree: string;
  readonly parent: string;
  readonly moreParents?: readonly string[];
  readonly subject: string;
  readonly body: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Makes a commit object and answers with its id. The same request gives the same commit. */
export async function commitTree(
  { git, identity }: Pick<GitContext, "git" | "identity">,
  mirror: string,
  request: CommitRequest,
): Promise<string> {
  const seconds = Math.floor(Date.parse(request.at) / 1000);
  if (!Number.isFinite(seconds)) throw new Error(`'${request.at}' is not a time in ISO 8601`);
  const date = `${seconds} +0000`;
  const message = request.body === "" ? request.subject : `${request.subject}\n\n${request.body}`;
  const { stdout } = await git.run({
    command: "commit-tree",
    gitDir: mirror,
    options: [request.parent, ...(request.moreParents ?? [])].map((id) => ["-p", id] as const),
    values: [request.tree],
    // git refuses NUL in a message.
    stdin: `${message.replaceAll("\0", " ").trimEnd()}\n`,
    env: {
      GIT_AUTHOR_NAME: identity.name,
      GIT_AUTHOR_EMAIL: identity.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_NAME: identity.name,
      GIT_COMMITTER_EMAIL: identity.email,
      GIT_COMMITTER_DATE: date,
    },
  });
  return stdout.toString().trim();
}
