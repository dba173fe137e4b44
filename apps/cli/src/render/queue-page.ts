import type { QueueStats } from "@mosaic/contracts";
import type { Paint } from "../terminal/paint.ts";
import { pairLines } from "./table.ts";
import { number } from "./units.ts";

/** Counts and limits of the queue. */
export function queuePage(stats: QueueStats, paint: Paint): string[] {
  return pairLines(
    [
      ["state", stats.paused ? paint("warn", "paused") : paint("good", "running")],
      ["pending", `${number(stats.pending)} (at most ${number(stats.maxPending)})`],
      ["delayed", number(stats.delayed)],
      [
        "active",
        `${number(stats.active)} (at most ${number(stats.maxConcurrentAgents)}, ${number(stats.queueConcurrency)} in this orchestrator)`,
      ],
      ["completed", number(stats.completed)],
      ["failed", number(stats.failed)],
    ],
    { paint },
  );
}
