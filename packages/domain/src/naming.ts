/** A task id as callers may choose it: it becomes part of a folder and of a branch name. */
export const TASK_ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** A branch name we accept from a caller. Narrower than git's own rule, which allows `$(…)` and backticks. */
export const BRANCH_PATTERN =
  /^(?!.*(?:\.\.|\/\/|\/\.|\.lock(?:\/|$)|@\{))[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}(?<![./])$/;

/** A full object id (SHA-1 or SHA-256). */
export const OBJECT_ID_PATTERN = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Folder of an agent's worktree (ORCH-111). */
export function workspaceName(agentId: string, taskId: string): string {
  return `agent-${agentId}-${taskId}`;
}

/** Branch an agent's work is pushed to: `mosaic/{taskId}-{first 8 of the agent's id}`. */
export function branchName(agentId: string, taskId: string): string {
  const slug = taskId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "");
  return `mosaic/${slug === "" ? "task" : slug}-${agentId.slice(0, 8)}`;
}
