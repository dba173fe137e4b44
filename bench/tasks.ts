import { randomUUID } from "node:crypto";
import type { Admission, Store } from "@mosaic/store";
import { inParallel } from "./measure.ts";

/** A task and its first agent, as an admission writes them. */
export function admission(taskId: string): Admission {
  const agentId = randomUUID();
  const at = new Date().toISOString();
  return {
    task: {
      taskId,
      agentId,
      fingerprint: taskId,
      agentType: "worker",
      gateProfile: "minimal",
      gates: ["tests"],
      repository: "/srv/repository",
      branch: "main",
      workItems: ["Do what is asked"],
      skills: [],
      options: {},
      runtime: "sdk-worker",
      priority: 5,
      maxRetries: 3,
      createdAt: at,
    },
    agent: { agentId, taskId, attempt: 1, spawnedAt: at, model: "model", yolo: false, retryOf: null },
    maxPending: 10_000_000,
  };
}

/** Admits tasks `prefix-0` and so on. */
export async function admitMany(store: Store, prefix: string, count: number): Promise<void> {
  await inParallel(count, 200, (index) => store.state.admit(admission(`${prefix}-${index}`)));
}
