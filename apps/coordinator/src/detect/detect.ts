import type { CommitFiles } from "./commit-files.ts";
import { type Detection, mergeDetections } from "./gate-command.ts";
import { detectGo } from "./go.ts";
import { detectMake } from "./make.ts";
import { detectNode } from "./node.ts";
import { detectPython } from "./python.ts";
import { detectRust } from "./rust.ts";

/**
 * The commands of a repository that names none itself. All of them follow from `base`, the commit the work started
 * from: an agent cannot weaken its gates. In a repository of several ecosystems the first in this order that has a
 * command for a gate wins; `.mosaic/gates.json` says otherwise where that is wrong.
 */
export async function detectCommands(base: CommitFiles, commit: CommitFiles): Promise<Detection> {
  return mergeDetections([
    await detectNode(base, commit),
    await detectPython(base),
    detectGo(base),
    detectRust(base),
    await detectMake(base, commit),
  ]);
}
