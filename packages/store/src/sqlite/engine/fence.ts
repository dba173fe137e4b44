import type { DatabaseSync } from "node:sqlite";
import { LeaseLostError, type Fence } from "../../task-queue.ts";

export type RequireFence = (fence: Fence | undefined) => void;

/** Looks at the queue in the transaction that writes. @throws LeaseLostError when the entry has another token, or none */
export function createFence(db: DatabaseSync): RequireFence {
  const held = db.prepare("SELECT 1 FROM queue WHERE task_id = ? AND token = ?");
  return (fence) => {
    if (fence !== undefined && held.get(fence.taskId, fence.token) === undefined)
      throw new LeaseLostError(fence.taskId);
  };
}
