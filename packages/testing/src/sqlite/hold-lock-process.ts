/** Takes the lock of a folder, says how that went, and holds it until it is killed or its stdin ends. */
import { writeSync } from "node:fs";
import { FolderLockedError, lockDataFolder } from "@mosaic/store";

try {
  const lock = lockDataFolder(process.argv[2] ?? "");
  writeSync(1, "locked\n");
  process.stdin.on("end", () => lock.release()).resume();
} catch (error) {
  if (!(error instanceof FolderLockedError)) throw error;
  writeSync(1, `refused ${error.pid}\n`);
}
