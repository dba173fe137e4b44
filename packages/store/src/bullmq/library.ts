import { createHash } from "node:crypto";
import { bullScripts } from "./bull-scripts.ts";
import { CLAIM } from "./lua/claim.ts";
import { COMMON } from "./lua/common.ts";
import { ENTRIES } from "./lua/entries.ts";
import { HELD } from "./lua/leases.ts";
import { LOOK } from "./lua/look.ts";
import { RESTORE } from "./lua/restore.ts";

/** What the server can be asked. */
export type Operation =
  | "enqueue"
  | "missing"
  | "claim"
  | "heartbeat"
  | "finish"
  | "postpone"
  | "remove"
  | "release"
  | "pause"
  | "resume"
  | "counts"
  | "nextDue"
  | "restore"
  | "restore_totals";

export interface Library {
  readonly name: string;
  /** What `FUNCTION LOAD` takes. */
  readonly text: string;
  /** What `FCALL` takes. */
  readonly functionName: (operation: Operation) => string;
}

/**
 * BullMQ's scripts, each as a function `bull_<name>(KEYS, ARGV)`, and our rules around them, which are what can be called:
 * what BullMQ moves and who holds the lease change in one step of the server, so that no crash comes between them.
 */
export async function buildLibrary(): Promise<Library> {
  const functions = Object.entries(await bullScripts()).map(
    ([name, lua]) => `local function bull_${name}(KEYS, ARGV)\n${lua}\nend\n`,
  );
  const body = [...functions, COMMON, ENTRIES, CLAIM, HELD, LOOK, RESTORE].join("");
  // Named by its content, so that two versions of Mosaic on one server each call their own.
  const name = `mosaic_queue_${createHash("sha256").update(body).digest("hex").slice(0, 16)}`;
  return {
    name,
    text: `#!lua name=${name}\nlocal FUNCTIONS = '${name}_'\n${body}`,
    functionName: (operation) => `${name}_${operation}`,
  };
}
