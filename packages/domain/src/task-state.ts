import { IllegalTransitionError } from "./transition-error.ts";

/** States of a task in the execution plane. `pending` is entered again when an attempt is retried. */
export const TASK_STATES = ["pending", "assigned", "executing", "completed", "failed"] as const;
export type TaskState = (typeof TASK_STATES)[number];

const NEXT: Readonly<Record<TaskState, readonly TaskState[]>> = {
  pending: ["assigned", "failed"],
  assigned: ["executing", "pending", "failed"],
  executing: ["completed", "failed", "pending"],
  completed: [],
  failed: [],
};

/** True when no transition leads out of `state`. */
export function isTaskTerminal(state: TaskState): boolean {
  return NEXT[state].length === 0;
}

/** True when `from → to` is in the table. */
export function canTaskMove(from: TaskState, to: TaskState): boolean {
  return NEXT[from].includes(to);
}

/** Throws {@link IllegalTransitionError}, carrying the current state, unless `from → to` is in the table. */
export function assertTaskMove(taskId: string, from: TaskState, to: TaskState): void {
  if (!canTaskMove(from, to)) throw new IllegalTransitionError("task", taskId, from, to);
}
