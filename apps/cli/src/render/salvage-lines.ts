import type { AgentSalvage } from "@mosaic/contracts";
import { cleanDeep } from "../terminal/clean.ts";
import { bytes, count, dateTime, short } from "./units.ts";

/** What can be restored, the best first. */
export function salvageLines(salvage: AgentSalvage): string[] {
  return cleanDeep(salvage).items.map(
    ({ ref, kind, at, files, bytes: size }) =>
      `${kind.padEnd(8)}  ${dateTime(at)}  ${count(files, "file")}, ${bytes(size)}  ${ref}`,
  );
}

/** How the files of agents are had back: a line for each of whom something was saved. */
export function restoreHints(salvages: readonly AgentSalvage[]): string[] {
  return cleanDeep(salvages).flatMap(({ agentId, items: [best] }) => {
    if (best === undefined) return [];
    const what = `${best.kind} of ${dateTime(best.at)}: ${count(best.files, "file")}, ${bytes(best.bytes)}`;
    return [`mosaic restore ${short(agentId)}   (${what})`];
  });
}
