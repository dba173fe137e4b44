import type { AgentPatch } from "./records.ts";
import { InvalidChangeError } from "./store-error.ts";

const PATCHABLE: ReadonlySet<string> = new Set([
  "retriedBy",
  "yolo",
  "startedAt",
  "completedAt",
  "error",
  "reason",
  "details",
  "step",
  "sandbox",
  "branch",
  "baseCommit",
  "snapshotCommit",
  "pushedCommit",
  "killRequestedAt",
  "owner",
] satisfies (keyof AgentPatch)[]);

/** The fields a patch changes; `undefined` changes nothing. @throws InvalidChangeError for a field that is no patch's */
export function patchedFields(patch: AgentPatch): AgentPatch {
  const entries = Object.entries(patch).filter(([, value]) => value !== undefined);
  for (const [field] of entries) {
    if (!PATCHABLE.has(field)) throw new InvalidChangeError(`a patch cannot change an agent's ${field}`);
  }
  return Object.fromEntries(entries);
}
