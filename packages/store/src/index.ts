export * from "./ledgers.ts";
export * from "./records.ts";
export * from "./state-store.ts";
export * from "./task-queue.ts";
