import { integer } from "./readers.ts";
import { variable } from "./variable.ts";

/** How long, and how much of, agents' saved work is kept. */
export const SALVAGE_VARIABLES = {
  salvageMaxAgeDays: variable({
    names: ["MOSAIC_SALVAGE_MAX_AGE_DAYS"],
    schema: integer(1, 36_500),
    default: "30",
    group: "Data",
    description:
      "Days that snapshots and salvaged files of agents that ended can be restored. Each removal is audited.",
  }),
  salvageMaxBytes: variable({
    names: ["MOSAIC_SALVAGE_MAX_BYTES"],
    schema: integer(1, Number.MAX_SAFE_INTEGER),
    default: "21474836480",
    group: "Data",
    description:
      "Disk all of them may take together; beyond it the oldest go first, the last work of failed tasks at the very end, that of living agents never.",
  }),
} as const;
